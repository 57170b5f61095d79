#include "services/store/intake.hpp"

#include "schema/json_text.hpp"
#include "schema/record_json.hpp"
#include "schema/sha256.hpp"
#include "schema/simulated.hpp"
#include "services/store/blocking.hpp"
#include "services/store/events.hpp"

namespace spillway::store {
namespace {

/// What a submission will write, once every check has passed.
struct Submission {
    RecordKind kind = RecordKind::contact;
    ExternalId external_id;
    std::string body, hash;
    bool voided = false;
    std::optional<std::int64_t> source_version;
    std::optional<std::string> number;
    std::vector<queue::Wait> waits;
    std::vector<std::string> targets;  ///< documents that it names
};

/// The hash of what a record says; the caller's version number is not part of it. `body` is its canonical text.
std::string hash_of(const Record& record, const std::string& body) {
    constexpr std::string_view kLive = "\nlive";
    if (!record.source_version) return sha256_hex(body + std::string(kLive));
    Record plain = record;
    plain.source_version.reset();
    return sha256_hex(write_record(plain) + std::string(kLive));
}

/// What no two records of a kind may share: they would fight for one object in the books.
std::optional<std::string> number_of(const Record& record) {
    if (const Document* document = document_of(record)) return document->number;
    if (const Item* item = std::get_if<Item>(&record.body)) return item->code;
    return std::nullopt;
}

Result<ConnectionGist> open_connection(Connection& connection, const ConnectionId& id) {
    auto row = get_connection_gist(connection, id);
    if (!row) return Error{ErrorKind::not_found, "no_connection", "there is no such connection"};
    if (row->state == "disconnected") return disconnected();
    return *std::move(row);
}

struct Referent {
    std::int64_t version = 0, applied_version = 0;
};

std::optional<Referent> find_referent(Connection& connection, const ConnectionId& owner, const Reference& reference) {
    return first_row(query(connection,
                           "SELECT version, applied_version FROM records"
                           " WHERE connection_id = ?1 AND kind = ?2 AND external_id = ?3",
                           owner.value, to_string(reference.kind), reference.external_id),
                     [](SQLite::Statement& row) { return Referent{integer(row, 0), integer(row, 1)}; });
}

/// A record waits for the versions of its referents that were accepted before it.
std::vector<queue::Wait> reference_waits(Connection& connection, queue::Transaction& transaction,
                                         const ConnectionId& owner, const std::vector<Reference>& references) {
    std::vector<queue::Wait> waits;
    if (SPILLWAY_DEFECT("references_not_awaited")) return waits;
    for (const Reference& reference : references) {
        const std::string key = record_key(reference.kind, reference.external_id);
        const auto referent = find_referent(connection, owner, reference);
        if (!referent) {
            waits.push_back({key, 1});
            continue;
        }
        if (referent->applied_version >= referent->version) continue;
        // A newer version that was cancelled will never come, but the object is in the books: nothing to wait for.
        const bool will_come = referent->applied_version == 0 || transaction.find_open(owner.value, key).has_value();
        if (will_come) waits.push_back({key, referent->version});
    }
    return waits;
}

/// Voids go in reverse order: a document's after those of the payments and credit notes that name it.
std::vector<queue::Wait> referrer_waits(Connection& connection, const ConnectionId& owner, const std::string& target) {
    if (SPILLWAY_DEFECT("voids_in_any_order")) return {};
    return rows(query(connection,
                      "SELECT r.kind, r.external_id, r.version FROM referrers f JOIN records r ON r.id = f.record_id"
                      " WHERE f.connection_id = ?1 AND f.target = ?2 AND r.voided = 1 AND r.applied_version < r.version"
                      " AND EXISTS (SELECT 1 FROM jobs o INDEXED BY jobs_open_key WHERE o.open = 1 AND o.lane_id ="
                      " (SELECT id FROM lanes WHERE name = ?1) AND o.key = r.kind || '/' || r.external_id)",
                      owner.value, target),
                [](SQLite::Statement& row) { return queue::Wait{text(row, 0) + "/" + text(row, 1), integer(row, 2)}; });
}

/// Whether a new version waits for the next sync. One that takes the place of a version which a sync has already let
/// go, or follows it, rides along: that sync shows the latest version in the books when it ends.
bool waits_for_sync(queue::Transaction& transaction, const ConnectionGist& owner, const std::string& key,
                    bool new_record) {
    if (owner.posting == "automatic") return false;
    if (owner.posting == "setup" || new_record) return true;
    const auto open = transaction.find_open(owner.id.value, key);
    if (!open || open->state == queue::JobState::parked) return true;
    return std::ranges::any_of(open->waits, [](const queue::Wait& wait) { return wait.key == kPostingKey; });
}

/// Rises with every accepted version of the connection: the frozen scope of a sync.
std::int64_t next_seq(Connection& connection, const ConnectionId& owner) {
    auto seq = first_row(
        query(connection,
              "UPDATE connection_seqs SET accepted = accepted + 1 WHERE connection_id = ?1 RETURNING accepted",
              owner.value),
        [](SQLite::Statement& row) { return integer(row, 0); });
    SPILLWAY_ASSERT(seq.has_value());
    return *seq;
}

RecordId write_record_row(Connection& connection, const ConnectionId& owner, const std::optional<RecordRow>& before,
                          const Submission& submission) {
    if (before) {
        run(connection,
            "UPDATE records SET version = version + 1, voided = ?2, source_version = coalesce(?3, source_version),"
            " number = coalesce(?4, number) WHERE id = ?1",
            before->id, submission.voided, submission.source_version, submission.number);
        return before->id;
    }
    run(connection,
        "INSERT INTO records (connection_id, kind, external_id, version, voided, source_version, number)"
        " VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)",
        owner.value, to_string(submission.kind), submission.external_id.value, submission.voided,
        submission.source_version, submission.number);
    return connection.database().getLastInsertRowid();
}

void write_targets(Connection& connection, const ConnectionId& owner, RecordId record, bool new_record,
                   const Submission& submission) {
    if (submission.voided) return;  // what it named stays known until the void is through
    if (!new_record) run(connection, "DELETE FROM referrers WHERE record_id = ?1", record);
    for (const std::string& target : submission.targets)
        run(connection, "INSERT OR IGNORE INTO referrers (connection_id, target, record_id) VALUES (?1, ?2, ?3)",
            owner.value, target, record);
}

void announce(Connection& connection, const ConnectionGist& owner, const Submission& submission, std::int64_t version,
              WallTime now) {
    JsonText json;
    json.object().member("kind", to_string(submission.kind)).member("external_id", submission.external_id.value);
    json.member("version", version).member("voided", submission.voided).close();
    append_event(connection, {now, owner.partner, owner.id, "record.accepted", std::move(json).take()});
}

Result<Accepted> write_submission(queue::Transaction& transaction, const Intake& intake, const ConnectionGist& owner,
                                  const std::optional<RecordRow>& before, Submission submission) {
    Connection& connection = queue::sqlite::connection_of(transaction);
    const std::int64_t seq = next_seq(connection, owner.id);
    const RecordId record = write_record_row(connection, owner.id, before, submission);
    const std::int64_t version = before ? before->version + 1 : 1;
    run(connection,
        "INSERT INTO versions (record_id, version, hash, body, voided, accepted_ms, accepted_by, seq)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        record, version, submission.hash, submission.body, submission.voided, intake.now, intake.principal, seq);
    write_targets(connection, owner.id, record, /*new_record=*/!before, submission);
    announce(connection, owner, submission, version, intake.now);

    if (SPILLWAY_DEFECT("job_forgotten") && record % 50 == 0)
        return Accepted{Accepted::Outcome::accepted, record, version, 0};
    queue::NewJob job;
    job.lane = owner.id.value;
    job.kind = "push." + std::string(to_string(submission.kind));
    job.key = record_key(submission.kind, submission.external_id.value);
    job.priority = intake.priority;
    job.body = std::to_string(record);
    job.waits = std::move(submission.waits);
    if (waits_for_sync(transaction, owner, job.key, /*new_record=*/!before)) job.waits.push_back({kPostingKey, seq});
    auto enqueued = transaction.enqueue(job);
    if (!enqueued.ok()) return std::move(enqueued).error();
    run(connection, "UPDATE records SET job_id = ?2 WHERE id = ?1", record, enqueued->id);
    return Accepted{Accepted::Outcome::accepted, record, version, enqueued->id};
}

Result<void> check_number(Connection& connection, const ConnectionId& owner, const Submission& submission) {
    if (!submission.number) return success();
    const auto holder =
        first_row(query(connection,
                        "SELECT external_id FROM records WHERE connection_id = ?1 AND kind = ?2 AND number = ?3 AND "
                        "external_id <> ?4",
                        owner.value, to_string(submission.kind), *submission.number, submission.external_id.value),
                  [](SQLite::Statement& row) { return text(row, 0); });
    if (!holder) return success();
    return Error{ErrorKind::conflict, "number_taken",
                 "the number " + *submission.number + " belongs to " + record_key(submission.kind, *holder)};
}

/// What makes a submission no new version; nothing when it is one.
std::optional<Accepted> nothing_new(Connection& connection, const RecordRow& before, const Submission& submission) {
    using Outcome = Accepted::Outcome;
    const bool older =
        submission.source_version && before.source_version && *submission.source_version < *before.source_version;
    if (older) return Accepted{Outcome::superseded, before.id, before.version, before.job};
    const auto latest = get_version(connection, before.id);
    if (!latest || latest->hash != submission.hash) return std::nullopt;
    // The same body under a newer number: an older one must lose against it from now on.
    if (submission.source_version && submission.source_version != before.source_version)
        run(connection, "UPDATE records SET source_version = ?2 WHERE id = ?1", before.id, *submission.source_version);
    return Accepted{Outcome::unchanged, before.id, before.version, before.job};
}

}  // namespace

std::string_view to_string(Accepted::Outcome outcome) {
    switch (outcome) {
        case Accepted::Outcome::accepted: return "accepted";
        case Accepted::Outcome::unchanged: return "unchanged";
        case Accepted::Outcome::superseded: return "superseded";
    }
    return "accepted";
}

bool refused_cleanly(const Error& error) {
    return error.code == "no_connection" || error.code == "disconnected" || error.code == "number_taken" ||
           error.code == "no_record";
}

PreparedRecord::PreparedRecord(const Record& record)
    : kind(record.kind()),
      body(write_record(record)),
      hash(hash_of(record, body)),
      source_version(record.source_version),
      number(number_of(record)),
      references(references_of(record)) {}

Result<Accepted> accept_record(queue::Transaction& transaction, const Intake& intake, const ExternalId& external_id,
                               const PreparedRecord& record) {
    Connection& connection = queue::sqlite::connection_of(transaction);
    const auto owner = open_connection(connection, intake.connection);
    if (!owner.ok()) return owner.error();
    Submission submission;
    submission.kind = record.kind;
    submission.external_id = external_id;
    submission.body = record.body;
    submission.hash = record.hash;
    submission.source_version = record.source_version;
    submission.number = record.number;
    const auto before = find_record(connection, intake.connection, submission.kind, external_id);
    if (before) {
        if (auto same = nothing_new(connection, *before, submission)) return *same;
    }
    if (auto free = check_number(connection, intake.connection, submission); !free.ok()) return std::move(free).error();
    submission.waits = reference_waits(connection, transaction, intake.connection, record.references);
    for (const Reference& reference : record.references)
        if (reference.kind == RecordKind::invoice)
            submission.targets.push_back(record_key(reference.kind, reference.external_id));
    return write_submission(transaction, intake, *owner, before, std::move(submission));
}

Result<Accepted> accept_void(queue::Transaction& transaction, const Intake& intake, RecordKind kind,
                             const ExternalId& external_id) {
    Connection& connection = queue::sqlite::connection_of(transaction);
    const auto owner = open_connection(connection, intake.connection);
    if (!owner.ok()) return owner.error();
    const auto before = find_record(connection, intake.connection, kind, external_id);
    if (!before) return Error{ErrorKind::not_found, "no_record", "there is no such record"};
    if (before->voided) return Accepted{Accepted::Outcome::unchanged, before->id, before->version, before->job};
    const auto latest = get_version(connection, before->id);
    SPILLWAY_ASSERT(latest.has_value());
    Submission submission;
    submission.kind = kind;
    submission.external_id = external_id;
    submission.body = latest->body;
    submission.hash = sha256_hex(latest->hash + "\nvoid");
    submission.voided = true;
    submission.waits = referrer_waits(connection, intake.connection, record_key(kind, external_id.value));
    return write_submission(transaction, intake, *owner, before, std::move(submission));
}

}  // namespace spillway::store
