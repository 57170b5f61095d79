#include "services/store/records.hpp"

#include "schema/assert.hpp"

namespace spillway::store {
namespace {

/// records.job_id is the job of the latest enqueue. A follow-up folds back into the job that it followed: then that
/// older one, the open job of the record's key, carries the record. States below 6 are open. Where retention has
/// deleted the job, a record whose latest version is in the books is applied (6).
#define SPILLWAY_RECORD_STATE "coalesce(j.state, CASE WHEN r.applied_version >= r.version THEN 6 END)"
#define SPILLWAY_RECORD_SELECT                                                                                       \
    "SELECT r.id, r.connection_id, r.kind, r.external_id, r.version, r.applied_version, r.voided, r.source_version," \
    " r.number, j.id, " SPILLWAY_RECORD_STATE                                                                        \
    " FROM records r LEFT JOIN jobs n ON n.id = r.job_id"                                                            \
    " LEFT JOIN jobs j ON j.id = CASE WHEN n.state < 6 THEN n.id ELSE coalesce((SELECT o.id FROM jobs o INDEXED BY " \
    "jobs_open_key"                                                                                                  \
    " WHERE o.open = 1 AND o.lane_id = (SELECT l.id FROM lanes l WHERE l.name = r.connection_id)"                    \
    " AND o.key = r.kind || '/' || r.external_id AND o.follow_up = 0), n.id) END "

RecordRow read_record_row(SQLite::Statement& row) {
    RecordRow out;
    out.id = integer(row, 0);
    out.connection = ConnectionId(text(row, 1));
    const auto kind = record_kind_from(text(row, 2));
    SPILLWAY_ASSERT(kind.has_value());
    out.kind = *kind;
    out.external_id = ExternalId(text(row, 3));
    out.version = integer(row, 4);
    out.applied_version = integer(row, 5);
    out.voided = flag(row, 6);
    out.source_version = integer_or_none(row, 7);
    out.number = text_or_none(row, 8);
    out.job = integer_or_none(row, 9);
    if (const auto state = integer_or_none(row, 10)) out.job_state = static_cast<queue::JobState>(*state);
    return out;
}

VersionRow read_version(SQLite::Statement& row) {
    VersionRow out;
    out.version = integer(row, 0);
    out.hash = text(row, 1);
    out.body = text(row, 2);
    out.voided = flag(row, 3);
    out.accepted = time(row, 4);
    out.accepted_by = text(row, 5);
    out.seq = integer(row, 6);
    return out;
}

LinkRow read_link(SQLite::Statement& row) {
    LinkRow out;
    out.link.role = text(row, 0);
    out.link.entity = text(row, 1);
    out.link.id = text(row, 2);
    out.link.version = text(row, 3);
    out.link.owned_hash = text(row, 4);
    out.link.record_version = integer(row, 5);
    out.link.voided = flag(row, 6);
    out.changed = time(row, 7);
    return out;
}

AttemptRow read_attempt(SQLite::Statement& row) {
    AttemptRow out;
    out.job = integer(row, 0);
    out.record_version = integer(row, 1);
    out.at = time(row, 2);
    out.role = text(row, 3);
    out.verb = text(row, 4);
    out.outcome = text(row, 5);
    out.code = text(row, 6);
    out.detail = text(row, 7);
    out.http_status = static_cast<int>(integer(row, 8));
    out.request_id = text(row, 9);
    out.call_key = text(row, 10);
    return out;
}

}  // namespace

std::string record_key(RecordKind kind, std::string_view external_id) {
    return std::string(to_string(kind)) + "/" + std::string(external_id);
}

std::optional<RecordRow> find_record(Connection& connection, const ConnectionId& owner, RecordKind kind,
                                     const ExternalId& external_id) {
    return first_row(
        query(connection, SPILLWAY_RECORD_SELECT "WHERE r.connection_id = ?1 AND r.kind = ?2 AND r.external_id = ?3",
              owner.value, to_string(kind), external_id.value),
        read_record_row);
}

std::optional<RecordRow> get_record(Connection& connection, RecordId id) {
    return first_row(query(connection, SPILLWAY_RECORD_SELECT "WHERE r.id = ?1", id), read_record_row);
}

void set_job(Connection& connection, RecordId id, queue::JobId job) {
    run(connection, "UPDATE records SET job_id = ?2 WHERE id = ?1", id, job);
}

std::vector<RecordRow> list_records(Connection& connection, const ConnectionId& owner, const RecordFilter& filter,
                                    RecordId after, std::size_t limit) {
    std::optional<std::string_view> kind;
    std::optional<std::int64_t> state;
    if (filter.kind) kind = to_string(*filter.kind);
    if (filter.job_state) state = static_cast<std::int64_t>(*filter.job_state);
    return rows(
        query(connection,
              SPILLWAY_RECORD_SELECT "WHERE r.connection_id = ?1 AND r.id > ?2 AND (?3 IS NULL OR r.kind = ?3)"
                                     " AND (?4 IS NULL OR " SPILLWAY_RECORD_STATE " = ?4) ORDER BY r.id LIMIT ?5",
              owner.value, after, kind, state, limit),
        read_record_row);
}

std::optional<VersionRow> get_version(Connection& connection, RecordId id, std::int64_t version) {
    return first_row(query(connection,
                           "SELECT version, hash, body, voided, accepted_ms, accepted_by, seq FROM versions"
                           " WHERE record_id = ?1 AND (?2 = 0 OR version = ?2) ORDER BY version DESC LIMIT 1",
                           id, version),
                     read_version);
}

std::vector<VersionRow> list_versions(Connection& connection, RecordId id, std::size_t limit) {
    return rows(query(connection,
                      "SELECT version, hash, '', voided, accepted_ms, accepted_by, seq FROM versions"
                      " WHERE record_id = ?1 ORDER BY version DESC LIMIT ?2",
                      id, limit),
                read_version);
}

std::vector<LinkRow> list_links(Connection& connection, RecordId id) {
    return rows(
        query(connection,
              "SELECT role, entity, provider_id, provider_version, owned_hash, record_version, voided, changed_ms"
              " FROM links WHERE record_id = ?1 ORDER BY role",
              id),
        read_link);
}

std::vector<AttemptRow> list_attempts(Connection& connection, RecordId id, std::size_t limit) {
    return rows(
        query(connection,
              "SELECT job_id, record_version, at_ms, role, verb, outcome, code, detail, http_status, request_id,"
              " call_key FROM attempts WHERE record_id = ?1 ORDER BY id DESC LIMIT ?2",
              id, limit),
        read_attempt);
}

}  // namespace spillway::store
