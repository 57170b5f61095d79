-- What the spill file took while the store was out of reach, and what became of it.

-- Moves in the very transaction that takes the entries in, so that none is taken twice.
CREATE TABLE spill_mark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    merged INTEGER NOT NULL                    -- the highest sequence that is in the store
) STRICT;
INSERT INTO spill_mark (id, merged) VALUES (1, 0);

-- Acknowledged when they came, refused when their turn came: a number that another record had taken first, a connection that
-- was disconnected meanwhile. The entry is kept with its reason.
CREATE TABLE spill_refusals (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    entry TEXT NOT NULL
) STRICT;
CREATE INDEX spill_refusals_age ON spill_refusals (at_ms);
