#include "services/guard/postgres/pg_gauge.hpp"

namespace spillway::guard {

namespace asio = boost::asio;
using relay::PgRows;

namespace {

/// The network's share comes on top of what the server allows itself.
constexpr Millis kAnswerLimit{1'000};

#define SPILLWAY_SEES_ALL "pg_has_role('pg_read_all_stats', 'USAGE')"

constexpr const char* kProbe = "SELECT 1";
/// PostgreSQL 14 leaves us by itself, even when this process hangs.
constexpr const char* kFirst14 = "SELECT set_config('idle_session_timeout', '5000', false)";

// Autovacuum's own snapshots hold up nobody. pg_locks is left alone: reading it stops all who take locks for a moment.
constexpr const char* kActivity =
    "WITH a AS MATERIALIZED (SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid()),"
    " o AS (SELECT (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint AS ms, 'pid ' || pid ||"
    " ', user ' || coalesce(usename, '?') || ', application ' || coalesce(nullif(application_name, ''), '?') || ', ' ||"
    " coalesce(state, '?') AS who FROM a WHERE xact_start IS NOT NULL AND coalesce(backend_xid, backend_xmin) IS NOT"
    " NULL AND backend_type NOT LIKE 'autovacuum%' ORDER BY xact_start LIMIT 1)"
    " SELECT " SPILLWAY_SEES_ALL
    ", count(*) FILTER (WHERE datid IS NOT NULL) + 1, current_setting('max_connections')::bigint,"
    " count(*) FILTER (WHERE state = 'active'), count(*) FILTER (WHERE state LIKE 'idle in transaction%'),"
    " count(*) FILTER (WHERE wait_event_type = 'Lock'), coalesce((SELECT ms FROM o), 0), (SELECT who FROM o) FROM a";

// Nothing to replay: no lag, however long ago the last transaction was.
constexpr const char* kCopies =
    "SELECT " SPILLWAY_SEES_ALL
    ", pg_is_in_recovery(), (SELECT count(*) FROM pg_stat_replication), CASE WHEN NOT pg_is_in_recovery() THEN"
    " (SELECT (extract(epoch FROM max(coalesce(replay_lag, '0'))) * 1000)::bigint FROM pg_stat_replication)"
    " WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    " ELSE (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint END";

constexpr const char* kOutbox =
    "SELECT count(c), sum(pg_stat_get_live_tuples(c))::bigint, sum(pg_stat_get_dead_tuples(c))::bigint"
    " FROM (SELECT to_regclass('spillway_outbox')::oid AS c"
    " UNION SELECT relid::oid FROM pg_partition_tree(to_regclass('spillway_outbox'))) t";

constexpr const char* kIndexes =
    "SELECT n.nspname || '.' || c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT i.indisvalid OR NOT i.indisready"
    " ORDER BY i.indexrelid LIMIT 20";

constexpr const char* kAges = "SELECT max(age(datfrozenxid)) FROM pg_database";

#undef SPILLWAY_SEES_ALL

const char* sql_of(Measure measure) {
    switch (measure) {
        case Measure::activity: return kActivity;
        case Measure::copies: return kCopies;
        case Measure::outbox: return kOutbox;
        case Measure::indexes: return kIndexes;
        case Measure::ages: return kAges;
    }
    return kProbe;
}

void read_activity(const PgRows& rows, Vitals& vitals) {
    vitals.sessions = rows.integer(0, 1);
    vitals.sessions_max = rows.integer(0, 2);
    // Without the right a session shows only that it is there.
    if (rows.text(0, 0) != "t") {
        vitals.missing[Measure::activity] = "not_visible";
        return;
    }
    vitals.active = rows.integer(0, 3);
    vitals.idle_in_transaction = rows.integer(0, 4);
    vitals.waiting_for_locks = rows.integer(0, 5);
    vitals.oldest_snapshot = Millis{rows.integer(0, 6)};
    vitals.oldest_who = rows.text(0, 7);
}

void read_copies(const PgRows& rows, Vitals& vitals) {
    vitals.replica = rows.text(0, 1) == "t";
    vitals.replicas = rows.integer(0, 2);
    const bool lag_is_known = *vitals.replica || rows.text(0, 0) == "t" || *vitals.replicas == 0;
    if (!lag_is_known) vitals.missing[Measure::copies] = "not_visible";
    if (lag_is_known && rows.text_or_none(0, 3)) vitals.replica_lag = Millis{rows.integer(0, 3)};
}

void read_outbox(const PgRows& rows, Vitals& vitals) {
    if (rows.integer(0, 0) == 0) {
        vitals.missing[Measure::outbox] = "not_there";
        return;
    }
    vitals.outbox_rows = rows.integer(0, 1);
    vitals.outbox_dead_rows = rows.integer(0, 2);
}

void read_measure(Measure measure, const PgRows& rows, Vitals& vitals) {
    switch (measure) {
        case Measure::activity: return read_activity(rows, vitals);
        case Measure::copies: return read_copies(rows, vitals);
        case Measure::outbox: return read_outbox(rows, vitals);
        case Measure::indexes:
            vitals.invalid_indexes.emplace();
            for (int i = 0; i < rows.size(); ++i) vitals.invalid_indexes->push_back(rows.text(i, 0));
            return;
        case Measure::ages: vitals.xid_age = rows.integer(0, 0); return;
    }
}

/// What the last look found is not true for ever.
void forget(Measure measure, Vitals& vitals) {
    vitals.missing.erase(measure);
    switch (measure) {
        case Measure::activity:
            vitals.sessions = vitals.sessions_max = vitals.active = vitals.idle_in_transaction =
                vitals.waiting_for_locks = std::nullopt;
            vitals.oldest_snapshot.reset();
            vitals.oldest_who.clear();
            return;
        case Measure::copies:
            vitals.replica.reset();
            vitals.replicas.reset();
            vitals.replica_lag.reset();
            return;
        case Measure::outbox: vitals.outbox_rows = vitals.outbox_dead_rows = std::nullopt; return;
        case Measure::indexes: vitals.invalid_indexes.reset(); return;
        case Measure::ages: vitals.xid_age.reset(); return;
    }
}

class PgGaugeSession final : public GaugeSession {
 public:
    explicit PgGaugeSession(std::unique_ptr<relay::PgConnection> connection) : connection_(std::move(connection)) {}

    asio::awaitable<Result<void>> probe() override {
        constexpr int kVersion14 = 140'000;
        const bool first = std::exchange(first_, false) && connection_->server_version() >= kVersion14;
        std::vector<std::optional<std::string>> none;
        auto rows = co_await connection_->query(first ? kFirst14 : kProbe, std::move(none), kAnswerLimit);
        if (!rows.ok()) co_return std::move(rows).error();
        co_return success();
    }

    asio::awaitable<Result<void>> look(Measure measure, Vitals& vitals) override {
        std::vector<std::optional<std::string>> none;
        auto rows = co_await connection_->query(sql_of(measure), std::move(none), kAnswerLimit);
        forget(measure, vitals);
        if (rows.ok()) {
            read_measure(measure, *rows, vitals);
            co_return success();
        }
        const Error& error = rows.error();
        if (error.code == "outbox_schema")
            vitals.missing[measure] = "not_visible";
        else if (error.code == "statement_timeout" || error.code == "lock_timeout")
            vitals.missing[measure] = "too_slow";
        else
            co_return error;
        co_return success();
    }

    void close() override { connection_->close(); }

 private:
    std::unique_ptr<relay::PgConnection> connection_;
    bool first_ = true;
};

class PgGauge final : public Gauge {
 public:
    explicit PgGauge(std::unique_ptr<relay::PgConnector> connector) : connector_(std::move(connector)) {}

    asio::awaitable<Result<std::unique_ptr<GaugeSession>>> open() override {
        auto connection = co_await connector_->open();
        if (!connection.ok()) co_return std::move(connection).error();
        std::unique_ptr<GaugeSession> session = std::make_unique<PgGaugeSession>(*std::move(connection));
        co_return session;
    }
    void abort() override { connector_->abort(); }

 private:
    std::unique_ptr<relay::PgConnector> connector_;
};

}  // namespace

Result<std::unique_ptr<Gauge>> make_postgres_gauge(asio::any_io_executor loop, asio::any_io_executor blocking,
                                                   Clock& clock, relay::PgSettings settings) {
    settings.application = "spillway-guard";
    settings.statement_limit = kStatementLimit;
    settings.lock_limit = kStatementLimit / 2;
    settings.by_index = false;  // a catalogue without a fitting index is read as a whole
    auto connector = relay::PgConnector::make(std::move(loop), std::move(blocking), clock, std::move(settings));
    if (!connector.ok()) return std::move(connector).error();
    std::unique_ptr<Gauge> gauge = std::make_unique<PgGauge>(*std::move(connector));
    return gauge;
}

}  // namespace spillway::guard
