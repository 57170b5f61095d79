-- Events sent to receivers: who wants which of them, how far each has been served, and what became of each message.

CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    partner_id TEXT NOT NULL DEFAULT '',       -- whose events; empty: all partners'
    connection_id TEXT NOT NULL DEFAULT '',    -- only of this connection; empty: of all
    url TEXT NOT NULL,
    types TEXT NOT NULL,                       -- patterns with spaces between: "record.* sync.done"
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'deleted')),
    reason TEXT NOT NULL DEFAULT '',           -- why disabled
    sealed TEXT NOT NULL,                      -- the signing secret
    old_sealed TEXT NOT NULL DEFAULT '',       -- those before a rotation, a line each, signing too until
    old_until_ms INTEGER NOT NULL DEFAULT 0,
    cursor INTEGER NOT NULL,                   -- of the last event that became a delivery or was passed over
    failing_since_ms INTEGER,                  -- the first failure after the last success
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_partner ON webhooks (partner_id);

CREATE TABLE webhook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id),
    message_id TEXT NOT NULL,                  -- the same at every attempt: a receiver knows a repetition by it
    event_seq INTEGER NOT NULL,                -- 0: a ping
    type TEXT NOT NULL,
    body TEXT NOT NULL,                        -- the very bytes that are signed and sent
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    last_ms INTEGER,                           -- of the last attempt, as are the next two
    last_status INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    done_ms INTEGER                            -- delivered or failed then
) STRICT;
CREATE INDEX webhook_deliveries_page ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, due_ms, id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (done_ms) WHERE done_ms IS NOT NULL;
