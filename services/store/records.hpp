#pragma once
// Records as they were accepted and what became of them. Only intake.hpp writes records and versions; settling writes
// links, attempts and applied_version, and late effects a job of their own.

#include "connectors/provider.hpp"
#include "queue/job.hpp"
#include "schema/ids.hpp"
#include "services/store/sql.hpp"

namespace spillway::store {

using RecordId = std::int64_t;

struct RecordRow {
    RecordId id = 0;
    ConnectionId connection;
    RecordKind kind = RecordKind::contact;
    ExternalId external_id;
    std::int64_t version = 0;          ///< the latest accepted one
    std::int64_t applied_version = 0;  ///< the latest one in the books; 0: none
    bool voided = false;
    std::optional<std::int64_t> source_version;
    std::optional<std::string> number;
    std::optional<queue::JobId> job;             ///< the one that carries the latest version; none open: the newest
    std::optional<queue::JobState> job_state{};  ///< of that job, as stored (never `running`)
};

struct VersionRow {
    std::int64_t version = 0;
    std::string hash, body;
    bool voided = false;
    WallTime accepted{};
    std::string accepted_by;
    std::int64_t seq = 0;
};

struct AttemptRow {
    queue::JobId job = 0;
    std::int64_t record_version = 0;
    WallTime at{};
    std::string role, verb, outcome, code, detail;
    int http_status = 0;
    std::string request_id, call_key;
};

struct LinkRow {
    Link link;
    WallTime changed{};
};

struct RecordFilter {
    std::optional<RecordKind> kind;
    std::optional<queue::JobState> job_state;
};

/// The wait-key and job key of a record: "invoice/INV-1".
std::string record_key(RecordKind kind, std::string_view external_id);

std::optional<RecordRow> find_record(Connection& connection, const ConnectionId& owner, RecordKind kind,
                                     const ExternalId& external_id);
std::optional<RecordRow> get_record(Connection& connection, RecordId id);
/// The job that tells of the record from now on.
void set_job(Connection& connection, RecordId id, queue::JobId job);
/// In id order after `after`.
std::vector<RecordRow> list_records(Connection& connection, const ConnectionId& owner, const RecordFilter& filter,
                                    RecordId after, std::size_t limit);
/// One version; the record's latest when `version` is 0.
std::optional<VersionRow> get_version(Connection& connection, RecordId id, std::int64_t version = 0);
/// Newest first, without bodies.
std::vector<VersionRow> list_versions(Connection& connection, RecordId id, std::size_t limit);
std::vector<LinkRow> list_links(Connection& connection, RecordId id);
/// Newest first.
std::vector<AttemptRow> list_attempts(Connection& connection, RecordId id, std::size_t limit);

}  // namespace spillway::store
