-- Durable jobs in lanes. Times are UTC milliseconds. States and priorities are the numbers of queue/job.hpp: a job is open
-- while state < 6 (0 waiting, 1 scheduled, 2 blocked, 4 unknown, 5 parked); 3, running, is never stored.

CREATE TABLE lanes (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE kinds (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,      -- never used twice: intents and audit rows name jobs for ever
    lane_id INTEGER NOT NULL REFERENCES lanes (id),
    kind_id INTEGER NOT NULL REFERENCES kinds (id),
    key TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 10 AND state <> 3),
    follow_up INTEGER NOT NULL DEFAULT 0 CHECK (follow_up IN (0, 1)),  -- 1: goes after the open job of the same key
    attempts INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL,                    -- of the last transition; an older claim may not change the row
    started_epoch INTEGER,                     -- set while an effect outside may be happening
    run_at_ms INTEGER,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    cause TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    advice TEXT NOT NULL DEFAULT '',
    body BLOB NOT NULL
) STRICT;
-- At most one open job and one follow-up per key.
CREATE UNIQUE INDEX jobs_open_key ON jobs (lane_id, key, follow_up) WHERE state < 6;
-- All that the in-memory index needs at a start, so that ended jobs cost nothing then.
CREATE INDEX jobs_open ON jobs (lane_id, kind_id, priority, state, run_at_ms, follow_up, token) WHERE state < 6;
-- Lists, newest change first; keys arrive nearly in order, so they cost little at insert.
CREATE INDEX jobs_lane_changed ON jobs (lane_id, state, changed_ms);
CREATE INDEX jobs_changed ON jobs (state, changed_ms);

-- What blocked jobs and follow-ups wait for.
CREATE TABLE waits (
    job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    level INTEGER NOT NULL,
    lane_id INTEGER NOT NULL,
    PRIMARY KEY (job_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX waits_key ON waits (lane_id, key, level);

CREATE TABLE lane_pauses (
    lane_id INTEGER PRIMARY KEY REFERENCES lanes (id),
    reason TEXT NOT NULL,
    until_ms INTEGER
) STRICT;

-- Jobs by lane and state, written with every group, so that no total ever needs a scan.
CREATE TABLE lane_counts (
    lane_id INTEGER NOT NULL REFERENCES lanes (id),
    state INTEGER NOT NULL,
    jobs INTEGER NOT NULL CHECK (jobs >= 0),
    PRIMARY KEY (lane_id, state)
) STRICT, WITHOUT ROWID;

-- Rises at every opening for writing: the upper half of every token.
CREATE TABLE epochs (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO epochs (id, epoch) VALUES (1, 0);
