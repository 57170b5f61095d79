-- The role that Spillway reads with: it sees the outbox and nothing else, and cannot write. Run it after postgres.sql (or
-- postgres-partitions.sql), and again after spillway_body was added:
--     psql -d payments -v ON_ERROR_STOP=1 -f postgres-role.sql
-- Then give it a password (\password spillway_relay) or a client certificate, and a line in pg_hba.conf.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'spillway_relay') THEN
        CREATE ROLE spillway_relay LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 5;
    END IF;
END $$;
ALTER ROLE spillway_relay SET default_transaction_read_only = on;
ALTER ROLE spillway_relay SET statement_timeout = '1s';
ALTER ROLE spillway_relay SET lock_timeout = '50ms';
ALTER ROLE spillway_relay SET idle_in_transaction_session_timeout = '1s';
GRANT SELECT ON spillway_outbox TO spillway_relay;
DO $$
BEGIN
    IF to_regclass('spillway_body') IS NOT NULL THEN
        GRANT SELECT ON spillway_body TO spillway_relay;
    END IF;
END $$;
-- Optional: to name, in an alert, the session whose transaction stays open, and to let the guard count who is active and who
-- waits for locks. Without it these are `not_visible`. The role does not inherit, so the grant alone changes nothing.
-- ALTER ROLE spillway_relay INHERIT; GRANT pg_read_all_stats TO spillway_relay;
