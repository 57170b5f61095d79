-- Instead of postgres.sql, for outboxes that take millions of rows a day: the same rows in partitions by day, which are
-- dropped instead of deleted. There is no default partition, so a day without one FAILS THE PAYMENT: 30 days are made
-- ahead, and spillway_outbox_partitions() must run every day. Prefer the plain table while you can.

BEGIN;

CREATE SEQUENCE spillway_outbox_ids;  -- CACHE 1: ids of one record must rise in the order of its changes
CREATE TABLE spillway_outbox (
    id bigint NOT NULL DEFAULT nextval('spillway_outbox_ids'),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    connection text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    operation text NOT NULL DEFAULT 'put' CHECK (operation IN ('put', 'void')),
    body json,
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
ALTER SEQUENCE spillway_outbox_ids OWNED BY spillway_outbox.id;
CREATE INDEX spillway_outbox_xid ON spillway_outbox (xid, id);

-- Makes the partitions of today and the next `ahead` days, and drops those that ended more than `keep` days ago.
-- Making and dropping one takes a lock that waits for open transactions on the outbox: run it in a quiet minute, with a
-- lock_timeout, and again when it failed.
CREATE FUNCTION spillway_outbox_partitions(ahead integer DEFAULT 30, keep integer DEFAULT 14) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    day date;
    old text;
BEGIN
    FOR day IN SELECT today - 1 + n FROM generate_series(0, ahead + 1) n LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF spillway_outbox FOR VALUES FROM (%L) TO (%L)',
                       'spillway_outbox_' || to_char(day, 'YYYYMMDD'), day::timestamp AT TIME ZONE 'UTC',
                       (day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
    FOR old IN SELECT c.oid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'spillway_outbox'::regclass
               AND c.relname < 'spillway_outbox_' || to_char(today - greatest(keep, 1), 'YYYYMMDD') LOOP
        EXECUTE 'DROP TABLE ' || old;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION spillway_outbox_partitions FROM PUBLIC;
SELECT spillway_outbox_partitions();

-- The same trigger function as in postgres.sql.
CREATE FUNCTION spillway_outbox_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    IF changed ->> TG_ARGV[1] IS NOT NULL THEN
        INSERT INTO spillway_outbox (connection, kind, external_id, operation)
        VALUES (changed ->> TG_ARGV[1], TG_ARGV[0], changed ->> TG_ARGV[2],
                CASE WHEN TG_OP = 'DELETE' THEN 'void' ELSE 'put' END);
    END IF;
    RETURN NULL;
END $$;

COMMIT;
