-- The outbox of a payment database on PostgreSQL 13 or later. Run it once, as the owner of the platform's tables:
--     psql -d payments -v ON_ERROR_STOP=1 -f postgres.sql
-- It adds one table, two functions and one role, and touches nothing that is there. See README.md for the rows.

BEGIN;

CREATE TABLE spillway_outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The transaction that wrote the row: what the relay's cursor is made of. Never given by hand.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    connection text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    operation text NOT NULL DEFAULT 'put' CHECK (operation IN ('put', 'void')),
    body json  -- absent: spillway_body builds it when it is read
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000,
        autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX spillway_outbox_xid ON spillway_outbox (xid, id);

-- For tables whose rows become records: the trigger writes a pointer, and does nothing but INSERT.
--     CREATE TRIGGER spillway AFTER INSERT OR UPDATE OR DELETE ON invoices FOR EACH ROW
--         EXECUTE FUNCTION spillway_outbox_row('invoice', 'spillway_connection', 'invoice_id');
-- Arguments: the kind, the column that holds the connection, the column that holds the external id. Rows without a
-- connection are left out. A deleted row voids its record.
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

-- Deletes at most `most` of the oldest rows, all older than `keep`: call it often (cron, pg_cron), in a transaction of
-- its own, until it returns 0. Rows must be kept longer than the relay can ever be away: a week or more.
CREATE FUNCTION spillway_outbox_trim(keep interval DEFAULT '14 days', most integer DEFAULT 1000) RETURNS integer
LANGUAGE sql AS $$
    WITH oldest AS (SELECT id, created_at FROM spillway_outbox ORDER BY id LIMIT most),
         gone AS (DELETE FROM spillway_outbox o USING oldest
                  WHERE o.id = oldest.id AND oldest.created_at < now() - greatest(keep, interval '1 day') RETURNING 1)
    SELECT count(*)::integer FROM gone;
$$;
REVOKE ALL ON FUNCTION spillway_outbox_trim FROM PUBLIC;

COMMIT;
