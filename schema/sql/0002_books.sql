-- Partners, connections, records and what became of them. Times are UTC milliseconds.

CREATE TABLE partners (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    partner_id TEXT NOT NULL REFERENCES partners (id),
    provider TEXT NOT NULL CHECK (provider IN ('xero', 'qbo')),
    state TEXT NOT NULL CHECK (state IN ('setup', 'active', 'paused', 'needs_reauth', 'disconnected')),
    state_reason TEXT NOT NULL DEFAULT '',
    posting TEXT NOT NULL DEFAULT 'on_sync' CHECK (posting IN ('setup', 'on_sync', 'automatic', 'scheduled')),
    tenant_id TEXT NOT NULL,
    tenant_name TEXT NOT NULL DEFAULT '',
    tenant_link TEXT NOT NULL DEFAULT '',      -- Xero: the id for DELETE /connections/{id}
    grant_id TEXT NOT NULL,                    -- in the grants file
    mapping TEXT NOT NULL DEFAULT '',          -- JSON, see connectors/provider.hpp
    books TEXT NOT NULL DEFAULT '',            -- JSON: the organisation's accounts, tax rates, lock date as last read
    accepted_seq INTEGER NOT NULL DEFAULT 0,   -- rises with every accepted version: the frozen scope of a sync
    released_seq INTEGER NOT NULL DEFAULT 0,   -- versions up to it may be sent (posting on_sync)
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
-- One organisation is linked once; a second partner may not link it.
CREATE UNIQUE INDEX connections_tenant ON connections (provider, tenant_id) WHERE state <> 'disconnected';
CREATE INDEX connections_partner ON connections (partner_id);

CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    version INTEGER NOT NULL,                  -- the latest accepted one, from 1
    applied_version INTEGER NOT NULL DEFAULT 0,
    voided INTEGER NOT NULL DEFAULT 0,         -- the latest accepted version is a void
    source_version INTEGER,                    -- the caller's, of the latest version
    number TEXT,                               -- document number, for the rule that two records never share one
    job_id INTEGER,                            -- the newest job of the record
    UNIQUE (connection_id, kind, external_id)
) STRICT;
CREATE UNIQUE INDEX records_number ON records (connection_id, kind, number) WHERE number IS NOT NULL;
CREATE INDEX records_connection ON records (connection_id);  -- with the row id behind it: pages of one connection

-- Which records name a document (payments and credit notes name invoices): a void of the document goes after theirs.
CREATE TABLE referrers (
    connection_id TEXT NOT NULL,
    target TEXT NOT NULL,                      -- "invoice/INV-1"; it need not exist yet
    record_id INTEGER NOT NULL REFERENCES records (id),
    PRIMARY KEY (connection_id, target, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX referrers_record ON referrers (record_id);

CREATE TABLE versions (
    record_id INTEGER NOT NULL REFERENCES records (id),
    version INTEGER NOT NULL,
    hash TEXT NOT NULL,                        -- SHA-256 of the canonical text and the void flag
    body TEXT NOT NULL,                        -- canonical JSON
    voided INTEGER NOT NULL DEFAULT 0,
    accepted_ms INTEGER NOT NULL,
    accepted_by TEXT NOT NULL,                 -- principal
    seq INTEGER NOT NULL,                      -- connections.accepted_seq at acceptance
    PRIMARY KEY (record_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    record_id INTEGER NOT NULL REFERENCES records (id),
    role TEXT NOT NULL,
    entity TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    provider_version TEXT NOT NULL DEFAULT '',
    owned_hash TEXT NOT NULL DEFAULT '',
    record_version INTEGER NOT NULL,
    voided INTEGER NOT NULL DEFAULT 0,
    changed_ms INTEGER NOT NULL,
    PRIMARY KEY (record_id, role)
) STRICT, WITHOUT ROWID;
-- Two records of a connection never share one object.
CREATE INDEX links_object ON links (provider_id);

-- One HTTP write request, durable before its first byte leaves.
CREATE TABLE calls (
    key TEXT PRIMARY KEY,                      -- the idempotency key
    connection_id TEXT NOT NULL,
    operation TEXT NOT NULL,
    method TEXT NOT NULL,
    target TEXT NOT NULL,
    body BLOB NOT NULL,
    epoch INTEGER NOT NULL,                    -- the process start that sent it
    state TEXT NOT NULL CHECK (state IN ('open', 'unknown', 'closed')),
    sent_ms INTEGER NOT NULL,                  -- last possible send
    closed_ms INTEGER,
    status INTEGER NOT NULL DEFAULT 0,
    request_id TEXT NOT NULL DEFAULT '',
    answer BLOB                                -- kept while any of its intents is open, and for refusals
) STRICT;
CREATE INDEX calls_open ON calls (connection_id) WHERE state <> 'closed';

-- One object in a call.
CREATE TABLE intents (
    id INTEGER PRIMARY KEY,
    call_key TEXT NOT NULL REFERENCES calls (key),
    ordinal INTEGER NOT NULL,
    record_id INTEGER NOT NULL REFERENCES records (id),
    record_version INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    object TEXT NOT NULL,                      -- PreparedObject as JSON
    state TEXT NOT NULL CHECK (state IN ('open', 'applied', 'rejected', 'not_applied')),
    UNIQUE (call_key, ordinal)
) STRICT;
CREATE INDEX intents_open ON intents (job_id) WHERE state = 'open';

-- The audit trail: one row per object and attempt.
CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    record_id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    record_version INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    role TEXT NOT NULL,
    verb TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    http_status INTEGER NOT NULL DEFAULT 0,
    request_id TEXT NOT NULL DEFAULT '',
    call_key TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX attempts_record ON attempts (record_id, id);
CREATE INDEX attempts_job ON attempts (job_id, id);

CREATE TABLE syncs (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id),
    state TEXT NOT NULL CHECK (state IN ('running', 'done')),
    total INTEGER NOT NULL,
    requested_by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    finished_ms INTEGER
) STRICT;
CREATE INDEX syncs_connection ON syncs (connection_id, created_ms);
CREATE TABLE sync_jobs (
    sync_id TEXT NOT NULL REFERENCES syncs (id),
    job_id INTEGER NOT NULL,
    PRIMARY KEY (sync_id, job_id)
) STRICT, WITHOUT ROWID;

-- What partners and the platform can follow by cursor.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    partner_id TEXT NOT NULL,
    connection_id TEXT NOT NULL DEFAULT '',
    type TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX events_partner ON events (partner_id, seq);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,                 -- SHA-256 of a 256-bit random secret
    scope TEXT NOT NULL CHECK (scope IN ('platform', 'partner', 'read_only', 'admin')),
    partner_id TEXT REFERENCES partners (id),  -- set for partner keys, and for read_only keys of one partner
    name TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    last_used_ms INTEGER,
    revoked_ms INTEGER
) STRICT;

CREATE TABLE idempotency (
    principal TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (principal, route, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (at_ms);

-- A consent that was started and not yet finished.
CREATE TABLE consents (
    state TEXT PRIMARY KEY,
    partner_id TEXT NOT NULL REFERENCES partners (id),
    provider TEXT NOT NULL,
    verifier TEXT NOT NULL DEFAULT '',         -- PKCE, where the app has no secret
    connection_id TEXT NOT NULL DEFAULT '',    -- a reconnect names the connection
    return_url TEXT NOT NULL DEFAULT '',
    created_ms INTEGER NOT NULL,
    result TEXT NOT NULL DEFAULT ''            -- the connection made, once finished
) STRICT;

-- Calls already used of a day budget, in 5-minute buckets of the sliding 24 hours.
CREATE TABLE day_calls (
    budget TEXT NOT NULL,                      -- "<provider app>/<tenant>"
    bucket_ms INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (budget, bucket_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
    id TEXT PRIMARY KEY,
    partner_id TEXT NOT NULL DEFAULT '',       -- of a partner's key; empty: seen by platform and administrators only
    requested_by TEXT NOT NULL,
    filter TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
