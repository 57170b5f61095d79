#pragma once
// Intake: a submission becomes a durable version and a job in one transaction.

#include "schema/record.hpp"
#include "services/store/connections.hpp"
#include "services/store/records.hpp"

namespace spillway::store {

/// By whom, when and how urgently; the same for every line of a bulk submission.
struct Intake {
    ConnectionId connection;
    std::string principal;
    WallTime now{};
    queue::Priority priority = queue::Priority::normal;
};

struct Accepted {
    enum class Outcome {
        accepted,    ///< a new version with a job
        unchanged,   ///< the body of the latest accepted version again
        superseded,  ///< an older source_version than the latest
    };
    Outcome outcome = Outcome::accepted;
    RecordId record = 0;
    std::int64_t version = 0;         ///< the latest one
    std::optional<queue::JobId> job;  ///< the record's newest
};
std::string_view to_string(Accepted::Outcome outcome);

/// What intake keeps of a record: its canonical text and what follows from it. Made outside the transaction, so that
/// the storage thread need not do it.
struct PreparedRecord {
    explicit PreparedRecord(const Record& record);

    RecordKind kind;
    std::string body, hash;
    std::optional<std::int64_t> source_version;
    std::optional<std::string> number;
    std::vector<Reference> references;
};

/// Accepts one version. Checks come before the first write, so a refused line leaves its transaction usable for the
/// next: not_found/`no_connection`, conflict/`disconnected`, conflict/`number_taken`. Any other error is the queue's
/// own; the transaction must then be rolled back.
Result<Accepted> accept_record(queue::Transaction& transaction, const Intake& intake, const ExternalId& external_id,
                               const PreparedRecord& record);
inline Result<Accepted> accept_record(queue::Transaction& transaction, const Intake& intake,
                                      const ExternalId& external_id, const Record& record) {
    return accept_record(transaction, intake, external_id, PreparedRecord(record));
}

/// Accepts a void: a new version with the previous body. A record that is void already is `unchanged`.
/// Errors: as above, and not_found/`no_record`.
Result<Accepted> accept_void(queue::Transaction& transaction, const Intake& intake, RecordKind kind,
                             const ExternalId& external_id);

/// Whether accept_record or accept_void refused before it wrote anything.
bool refused_cleanly(const Error& error);

}  // namespace spillway::store
