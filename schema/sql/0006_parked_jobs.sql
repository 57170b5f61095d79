-- Parked jobs are few among many: a list of their own, in the order of the ids, and counts by cause, so that a replay by filter is
-- previewed without looking at a job and walks over parked ones only.

CREATE INDEX jobs_parked ON jobs (lane_id) WHERE state = 5;

-- Written with every transition to or from parked; a row goes with its last job.
CREATE TABLE parked_counts (
    lane_id INTEGER NOT NULL REFERENCES lanes (id),
    kind_id INTEGER NOT NULL REFERENCES kinds (id),
    cause TEXT NOT NULL,
    jobs INTEGER NOT NULL CHECK (jobs > 0),
    PRIMARY KEY (lane_id, kind_id, cause)
) STRICT, WITHOUT ROWID;
INSERT INTO parked_counts (lane_id, kind_id, cause, jobs)
    SELECT lane_id, kind_id, cause, count(*) FROM jobs WHERE state = 5 GROUP BY lane_id, kind_id, cause;
