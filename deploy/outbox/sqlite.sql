-- The outbox of a payment database that is a SQLite file, as in the demo: sqlite3 payments.db < sqlite.sql
-- SQLite has one writer at a time, so ids become visible in their order. AUTOINCREMENT: an id is never given out again,
-- and a file that was set back shows itself by the counter.

CREATE TABLE spillway_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
    created_ms INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
    connection TEXT NOT NULL,
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    operation TEXT NOT NULL DEFAULT 'put' CHECK (operation IN ('put', 'void')),
    body TEXT CHECK (body IS NULL OR json_valid(body))
);

-- Which file this is: another one is never read in its place unasked.
CREATE TABLE spillway_outbox_file (id TEXT NOT NULL);
INSERT INTO spillway_outbox_file (id) VALUES (lower(hex(randomblob(16))));
