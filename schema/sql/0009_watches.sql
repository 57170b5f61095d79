-- Writes that were proven absent and may take effect yet: looked for again until none can come any more.

CREATE TABLE watches (
    id INTEGER PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    record_id INTEGER NOT NULL REFERENCES records (id),
    record_version INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    object TEXT NOT NULL,                      -- PreparedObject as JSON: what to look for
    since_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,                   -- the next look
    told TEXT NOT NULL DEFAULT ''              -- the last finding that was reported
) STRICT;
CREATE INDEX watches_due ON watches (connection_id, due_ms);
CREATE INDEX watches_record ON watches (record_id);
