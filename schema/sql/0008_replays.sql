-- A replay of many jobs goes on by itself, in steps: each writes how far it has come in the transaction of its work.

ALTER TABLE replays ADD COLUMN state TEXT NOT NULL DEFAULT 'done' CHECK (state IN ('running', 'done', 'cancelled'));
ALTER TABLE replays ADD COLUMN matched INTEGER NOT NULL DEFAULT 0;       -- parked jobs when it was accepted
ALTER TABLE replays ADD COLUMN before_token INTEGER NOT NULL DEFAULT 0;  -- what was parked by a later transition is not its own
ALTER TABLE replays ADD COLUMN lane_id INTEGER NOT NULL DEFAULT 0;       -- it goes on behind this lane's
ALTER TABLE replays ADD COLUMN job_id INTEGER NOT NULL DEFAULT 0;        -- job
ALTER TABLE replays ADD COLUMN finished_ms INTEGER;
UPDATE replays SET matched = jobs, finished_ms = created_ms;
CREATE INDEX replays_running ON replays (created_ms) WHERE state = 'running';
