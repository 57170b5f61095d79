#include "services/relay/postgres/postgres_session.hpp"

#include "schema/record_json.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kPageBytesMax = 8u << 20;

// A replica's control file learns of a new timeline at its next restart point; its receiver knows at once.
#define SPILLWAY_IDENTIFY                                                                             \
    "SELECT (SELECT system_identifier::text FROM pg_control_system()),"                               \
    " CASE WHEN pg_is_in_recovery() THEN greatest((SELECT timeline_id FROM pg_control_checkpoint())," \
    " coalesce((SELECT received_tli FROM pg_stat_wal_receiver), 0))"                                  \
    " ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer END,"       \
    " pg_is_in_recovery(), to_regclass('spillway_body') IS NOT NULL"
constexpr const char* kIdentify = SPILLWAY_IDENTIFY;
/// PostgreSQL 14 leaves us by itself, even when this process hangs.
constexpr const char* kIdentify14 = SPILLWAY_IDENTIFY ", set_config('idle_session_timeout', '5000', false)";
#undef SPILLWAY_IDENTIFY

constexpr const char* kSnapshot = "SELECT pg_current_snapshot()::text";

constexpr const char* kKeysOf = "SELECT xid::text, id FROM spillway_outbox WHERE xid = ANY ($1::xid8[]) LIMIT $2";

constexpr const char* kKeysBetween =
    "SELECT xid::text, id FROM spillway_outbox WHERE xid >= $1::xid8 AND xid <= $2::xid8"
    " AND (xid, id) > ($3::xid8, $4::bigint) ORDER BY xid, id LIMIT $5";
constexpr const char* kKeysBetweenSince =
    "SELECT xid::text, id FROM spillway_outbox WHERE xid >= $1::xid8 AND xid <= $2::xid8"
    " AND (xid, id) > ($3::xid8, $4::bigint) AND created_at >= to_timestamp($6::bigint / 1000.0)"
    " ORDER BY xid, id LIMIT $5";

// The bytes of a page are bounded: bodies beyond $3 together are left for the next one, those above $2 are never sent.
#define SPILLWAY_ROWS(body)                                                                                 \
    "SELECT o.id, o.event_id::text, o.connection, o.kind, o.external_id, o.operation,"                      \
    " CASE WHEN o.bytes <= $2 AND (o.total <= $3 OR o.n = 1) THEN o.body END, coalesce(o.bytes, 0),"        \
    " coalesce(o.bytes <= $2 AND o.total > $3 AND o.n > 1, false),"                                         \
    " greatest(0, (extract(epoch FROM clock_timestamp() - o.created_at) * 1000)::bigint)"                   \
    " FROM (SELECT b.*, sum(b.bytes) OVER w AS total, row_number() OVER w AS n"                             \
    " FROM (SELECT a.*, octet_length(a.body) AS bytes"                                                      \
    " FROM (SELECT s.id, s.event_id, s.connection, s.kind, s.external_id, s.operation, s.created_at, " body \
    " AS body FROM spillway_outbox s WHERE s.id = ANY ($1::bigint[])) a) b WINDOW w AS (ORDER BY b.id)) o"  \
    " ORDER BY o.id"
constexpr const char* kRows = SPILLWAY_ROWS("s.body::text");
constexpr const char* kRowsByView = SPILLWAY_ROWS(
    "coalesce(s.body::text, CASE WHEN s.operation = 'put' THEN (SELECT v.body::text FROM spillway_body v"
    " WHERE v.connection = s.connection AND v.kind = s.kind AND v.external_id = s.external_id LIMIT 1) END)");
constexpr const char* kRowsWithoutBody = SPILLWAY_ROWS("NULL::text");
#undef SPILLWAY_ROWS

constexpr const char* kHolders =
    "SELECT * FROM (SELECT a.backend_xid::text, (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::bigint"
    " AS open_ms, 'pid ' || a.pid || ', user ' || coalesce(a.usename, '?') || ', application ' ||"
    " coalesce(nullif(a.application_name, ''), '?') || ', ' || coalesce(a.state, '?') AS who"
    " FROM pg_stat_activity a WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_backend_pid()"
    " UNION ALL SELECT p.transaction::text, (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::bigint,"
    " 'prepared transaction ' || p.gid || ' of ' || p.owner FROM pg_prepared_xacts p) h"
    " ORDER BY open_ms DESC NULLS LAST LIMIT 5";

std::vector<std::optional<std::string>> none() { return {}; }

template <class Numbers>
std::string array_of(const Numbers& numbers) {
    std::string out = "{";
    for (const auto number : numbers) out += (out.size() == 1 ? "" : ",") + std::to_string(number);
    return out + "}";
}

Xid xid_of(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

std::vector<Key> keys_from(const PgRows& rows) {
    std::vector<Key> out;
    out.reserve(static_cast<std::size_t>(rows.size()));
    for (int i = 0; i < rows.size(); ++i) out.push_back({xid_of(rows.text(i, 0)), rows.integer(i, 1)});
    return out;
}

std::vector<OutboxRow> rows_from(const PgRows& rows) {
    std::vector<OutboxRow> out;
    for (int i = 0; i < rows.size(); ++i) {
        OutboxRow row;
        row.id = rows.integer(i, 0);
        row.event_id = rows.text(i, 1);
        row.connection = rows.text(i, 2);
        row.kind = rows.text(i, 3);
        row.external_id = rows.text(i, 4);
        row.operation = rows.text(i, 5);
        row.body = rows.text_or_none(i, 6);
        row.body_bytes = static_cast<std::size_t>(rows.integer(i, 7));
        row.cut = rows.text(i, 8) == "t";
        row.age = Millis{rows.integer(i, 9)};
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace

asio::awaitable<Result<Identity>> PostgresSession::identify() {
    constexpr int kVersion14 = 140'000;
    const char* sql = connection_->server_version() >= kVersion14 ? kIdentify14 : kIdentify;
    auto rows = co_await connection_->query(sql, none(), limit_);
    if (!rows.ok()) co_return std::move(rows).error();
    has_view_ = rows->text(0, 3) == "t";
    co_return Identity{rows->text(0, 0), static_cast<std::uint32_t>(rows->integer(0, 1)), rows->text(0, 2) == "t"};
}

asio::awaitable<Result<Snapshot>> PostgresSession::snapshot() {
    auto rows = co_await connection_->query(kSnapshot, none(), limit_);
    if (!rows.ok()) co_return std::move(rows).error();
    co_return Snapshot::parse(rows->text(0, 0));
}

asio::awaitable<Result<std::vector<Key>>> PostgresSession::keys_of(std::vector<Xid> xids, std::size_t limit) {
    std::vector<std::optional<std::string>> parameters{array_of(xids), std::to_string(limit)};
    auto rows = co_await connection_->query(kKeysOf, std::move(parameters), limit_);
    if (!rows.ok()) co_return std::move(rows).error();
    co_return keys_from(*rows);
}

asio::awaitable<Result<std::vector<Key>>> PostgresSession::keys_between(KeyRange range) {
    std::vector<std::optional<std::string>> parameters{std::to_string(range.first), std::to_string(range.last),
                                                       std::to_string(range.after.xid), std::to_string(range.after.id),
                                                       std::to_string(range.limit)};
    if (range.created_since) parameters.emplace_back(std::to_string(to_ms(*range.created_since)));
    const char* sql = range.created_since ? kKeysBetweenSince : kKeysBetween;
    auto rows = co_await connection_->query(sql, std::move(parameters), limit_);
    if (!rows.ok()) co_return std::move(rows).error();
    co_return keys_from(*rows);
}

asio::awaitable<Result<std::vector<OutboxRow>>> PostgresSession::rows(std::vector<std::int64_t> ids) {
    std::vector<std::optional<std::string>> parameters{array_of(ids), std::to_string(kRecordBytesMax),
                                                       std::to_string(kPageBytesMax)};
    auto rows = co_await connection_->query(has_view_ ? kRowsByView : kRows, parameters, limit_);
    if (rows.ok()) co_return rows_from(*rows);
    if (rows.error().code != "row_unreadable" || ids.size() > 1) co_return std::move(rows).error();
    const std::string why = rows.error().detail;
    auto bare = co_await connection_->query(kRowsWithoutBody, std::move(parameters), limit_);
    if (!bare.ok()) co_return std::move(bare).error();
    auto out = rows_from(*bare);
    for (OutboxRow& row : out) row.unreadable = "spillway_body cannot build it: " + why;
    co_return out;
}

asio::awaitable<Result<std::vector<Holder>>> PostgresSession::holders() {
    auto rows = co_await connection_->query(kHolders, none(), limit_);
    if (!rows.ok()) co_return std::move(rows).error();
    std::vector<Holder> out;
    for (int i = 0; i < rows->size(); ++i)
        out.push_back({xid_of(rows->text(i, 0)), Millis{rows->integer(i, 1)}, rows->text(i, 2)});
    co_return out;
}

}  // namespace spillway::relay
