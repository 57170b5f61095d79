-- The relay: where it stands in the payment database's outbox, which events it has taken in, what it refused.

CREATE TABLE relay_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    system TEXT NOT NULL DEFAULT '',           -- the cursor; empty: none yet
    timeline INTEGER NOT NULL DEFAULT 0,
    replica INTEGER NOT NULL DEFAULT 0,
    seen TEXT NOT NULL DEFAULT '',             -- snapshots as the database writes them
    target TEXT NOT NULL DEFAULT '',           -- empty: no step is under way
    after_id INTEGER NOT NULL DEFAULT 0,
    reread_since_ms INTEGER,                   -- set while the retention is read again
    last_id INTEGER NOT NULL DEFAULT 0,
    last_event TEXT NOT NULL DEFAULT '',
    last_ms INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0,       -- keeps away from the payment database until resumed
    alarm TEXT NOT NULL DEFAULT '',            -- open until a person resumes
    alarm_detail TEXT NOT NULL DEFAULT '',
    alarm_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO relay_state (id) VALUES (1);

-- Events taken in or refused, so that reading the outbox again changes nothing.
CREATE TABLE relay_events (
    event_id TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_events_age ON relay_events (at_ms);

CREATE TABLE relay_refusals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL,
    row_id INTEGER NOT NULL,                   -- in the outbox
    connection TEXT NOT NULL,                  -- as the row has it, like the next three
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    pointer TEXT NOT NULL DEFAULT '',
    at_ms INTEGER NOT NULL
) STRICT;
