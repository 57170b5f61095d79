-- What moves often is narrow: a job's row without its body, with only one index in random order (measured with 2,000 lanes: an
-- enqueue costs half, a start and its settlement two thirds of what they cost before). Bodies are written once, history only grows.

CREATE TABLE job_bodies (
    job_id INTEGER PRIMARY KEY,
    body BLOB NOT NULL
) STRICT;
INSERT INTO job_bodies (job_id, body) SELECT id, body FROM jobs;

DROP INDEX jobs_open_key;
DROP INDEX jobs_open;
DROP INDEX jobs_lane_changed;
ALTER TABLE jobs DROP COLUMN body;
-- Says state < 6 in a column of its own, so that going from one open state to another leaves the unique index alone.
ALTER TABLE jobs ADD COLUMN open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1));
ALTER TABLE jobs ADD COLUMN tried_ms INTEGER;                     -- first try since the job was made, replaced or replayed
ALTER TABLE jobs ADD COLUMN steps INTEGER NOT NULL DEFAULT 0;     -- transitions written to job_history so far
UPDATE jobs SET open = 0 WHERE state >= 6;

-- At most one open job and one follow-up per key; also the open jobs of a lane.
CREATE UNIQUE INDEX jobs_open_key ON jobs (lane_id, key, follow_up) WHERE open = 1;
-- All that the in-memory index needs at a start, in the order of the ids: ended jobs cost nothing then.
CREATE INDEX jobs_open ON jobs (id, lane_id, kind_id, priority, state, run_at_ms, follow_up) WHERE open = 1;
-- Lists of a lane, newest change first. Waiting and unknown jobs are left out: most jobs pass through these states only,
-- and the open jobs of a lane are found by key.
CREATE INDEX jobs_lane_changed ON jobs (lane_id, state, changed_ms) WHERE state NOT IN (0, 4);

-- The last transitions of each job. Its creation is in the job's row.
CREATE TABLE job_history (
    job_id INTEGER NOT NULL,
    step INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    from_state INTEGER NOT NULL,
    to_state INTEGER NOT NULL,
    cause TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL,
    PRIMARY KEY (job_id, step)
) STRICT, WITHOUT ROWID;

-- Why nothing new starts: in a lane, of a kind, of a kind in a lane, or (0, 0) at all.
CREATE TABLE holds (
    lane_id INTEGER NOT NULL,                  -- 0: every lane
    kind_id INTEGER NOT NULL,                  -- 0: every kind
    reason TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,
    PRIMARY KEY (lane_id, kind_id)
) STRICT, WITHOUT ROWID;
INSERT INTO holds (lane_id, kind_id, reason, since_ms, until_ms) SELECT lane_id, 0, reason, 0, until_ms FROM lane_pauses;
DROP TABLE lane_pauses;

-- `jobs` keeps counting what retention has removed; the rows that are left are jobs - pruned.
ALTER TABLE lane_counts ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;

-- Work that comes round by itself. A slot becomes a job in the very transaction that moves next_ms past it.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    every_ms INTEGER CHECK (every_ms > 0),                                  -- either an interval
    daily_ms INTEGER CHECK (daily_ms BETWEEN 0 AND 86399999),               -- or a UTC time of day
    catch_up INTEGER NOT NULL CHECK (catch_up BETWEEN 0 AND 2),             -- missed slots: 0 none, 1 one, 2 all
    lane_id INTEGER NOT NULL REFERENCES lanes (id),
    kind_id INTEGER NOT NULL REFERENCES kinds (id),
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 2),
    body BLOB NOT NULL,
    next_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    CHECK ((every_ms IS NULL) <> (daily_ms IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_next ON schedules (next_ms);
CREATE TABLE schedule_slots (
    name TEXT NOT NULL,
    slot_ms INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    PRIMARY KEY (name, slot_ms)
) STRICT, WITHOUT ROWID;
