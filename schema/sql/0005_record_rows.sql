-- What intake writes for each record, in fewer bytes.

-- A tree without row ids keeps at most a quarter of a page of each row: every body above 1 KB took an overflow page of its
-- own, and so 4 KiB of log and of database. By row id a body up to a page stays in its leaf.
CREATE TABLE versions_by_row (
    record_id INTEGER NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL,
    hash TEXT NOT NULL,                        -- SHA-256 of the canonical text and the void flag
    body TEXT NOT NULL,                        -- canonical JSON
    voided INTEGER NOT NULL DEFAULT 0,
    accepted_ms INTEGER NOT NULL,
    accepted_by TEXT NOT NULL,                 -- principal
    seq INTEGER NOT NULL,                      -- connection_seqs.accepted at acceptance
    PRIMARY KEY (record_id, version)
) STRICT;
INSERT INTO versions_by_row SELECT record_id, version, hash, body, voided, accepted_ms, accepted_by, seq FROM versions
    ORDER BY record_id, version;
DROP TABLE versions;
ALTER TABLE versions_by_row RENAME TO versions;

-- Rises with every accepted version: the frozen scope of a sync. Apart from the connection, whose row holds the books: raising it
-- there wrote them anew with each record.
CREATE TABLE connection_seqs (
    connection_id TEXT PRIMARY KEY REFERENCES connections (id),
    accepted INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO connection_seqs (connection_id, accepted) SELECT id, accepted_seq FROM connections;
ALTER TABLE connections DROP COLUMN accepted_seq;
