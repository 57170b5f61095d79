#include "services/store/subjects.hpp"

#include <charconv>

#include "schema/record_json.hpp"
#include "services/store/calls.hpp"

namespace spillway::store {
namespace {

using queue::sqlite::Connection;

Link link_from(SQLite::Statement& row, int first) {
    Link link;
    link.role = row.getColumn(first).getString();
    link.entity = row.getColumn(first + 1).getString();
    link.id = row.getColumn(first + 2).getString();
    link.version = row.getColumn(first + 3).getString();
    link.owned_hash = row.getColumn(first + 4).getString();
    link.record_version = row.getColumn(first + 5).getInt64();
    link.voided = row.getColumn(first + 6).getInt() != 0;
    return link;
}

std::vector<Link> links_of_reference(Connection& connection, const std::string& connection_id,
                                     const Reference& reference) {
    auto& select = connection.statement(
        "SELECT l.role, l.entity, l.provider_id, l.provider_version, l.owned_hash, l.record_version, l.voided "
        "FROM records r JOIN links l ON l.record_id = r.id "
        "WHERE r.connection_id = :connection AND r.kind = :kind AND r.external_id = :external ORDER BY l.role");
    select.bind(":connection", connection_id);
    select.bind(":kind", std::string(to_string(reference.kind)));
    select.bind(":external", reference.external_id);
    std::vector<Link> links;
    while (select.executeStep()) links.push_back(link_from(select, 0));
    return links;
}

std::optional<Currency> currency_of_reference(Connection& connection, const std::string& connection_id,
                                              const Reference& reference) {
    if (reference.kind != RecordKind::invoice) return std::nullopt;
    auto& select = connection.statement(
        "SELECT json_extract(v.body, '$.currency') FROM records r JOIN versions v ON v.record_id = r.id AND "
        "v.version = r.version WHERE r.connection_id = :connection AND r.kind = :kind AND r.external_id = :external");
    select.bind(":connection", connection_id);
    select.bind(":kind", std::string(to_string(reference.kind)));
    select.bind(":external", reference.external_id);
    std::optional<Currency> currency;
    if (select.executeStep() && !select.getColumn(0).isNull()) currency = Currency{select.getColumn(0).getString()};
    select.reset();
    return currency;
}

std::vector<std::string> unclear_roles(Connection& connection, std::int64_t record_id) {
    auto& select = connection.statement(
        "SELECT DISTINCT role FROM attempts WHERE record_id = :record AND verb = 'create' AND (outcome = 'rejected' "
        "AND code IN ('found_several', 'found_another', 'outcome_unclear') OR code = 'late_effect') AND role NOT IN "
        "(SELECT role FROM links WHERE record_id = :record) ORDER BY role");
    select.bind(":record", record_id);
    std::vector<std::string> roles;
    while (select.executeStep()) roles.push_back(select.getColumn(0).getString());
    return roles;
}

std::optional<std::int64_t> number_from(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::vector<Link> links_of(Connection& connection, std::int64_t record_id) {
    auto& select = connection.statement(
        "SELECT role, entity, provider_id, provider_version, owned_hash, record_version, voided FROM links "
        "WHERE record_id = :record ORDER BY role");
    select.bind(":record", record_id);
    std::vector<Link> links;
    while (select.executeStep()) links.push_back(link_from(select, 0));
    return links;
}

Result<LoadedSubject> load_subject(Connection& connection, std::int64_t record_id, std::int64_t version) {
    LoadedSubject loaded;
    loaded.record_id = record_id;
    std::string connection_id;
    std::string body;
    {
        auto& select = connection.statement(
            "SELECT r.connection_id, r.kind, r.external_id, v.version, v.body, v.voided FROM records r "
            "JOIN versions v ON v.record_id = r.id AND v.version = iif(:version = 0, r.version, :version) WHERE r.id = "
            ":id");
        select.bind(":id", record_id);
        select.bind(":version", version);
        if (!select.executeStep()) {
            select.reset();
            return Error{ErrorKind::bug, "record_missing", "no record " + std::to_string(record_id)};
        }
        connection_id = select.getColumn(0).getString();
        const auto kind = record_kind_from(select.getColumn(1).getString());
        if (!kind) {
            select.reset();
            return Error{ErrorKind::bug, "record_unreadable", "unknown kind"};
        }
        loaded.subject.kind = *kind;
        loaded.subject.external_id = select.getColumn(2).getString();
        loaded.subject.version = select.getColumn(3).getInt64();
        body = select.getColumn(4).getString();
        loaded.subject.voided = select.getColumn(5).getInt() != 0;
        select.reset();  // an open statement would hold the snapshot
    }
    auto record = read_record(loaded.subject.kind, body);
    if (!record.ok()) return Error{ErrorKind::bug, "record_unreadable", record.error().detail};
    loaded.subject.record = std::move(*record);
    loaded.subject.links = links_of(connection, record_id);
    loaded.unclear = unclear_roles(connection, record_id);
    for (const auto& reference : references_of(loaded.subject.record)) {
        loaded.subject.referents.emplace(reference, links_of_reference(connection, connection_id, reference));
        if (auto currency = currency_of_reference(connection, connection_id, reference))
            loaded.subject.currencies.emplace(reference, std::move(*currency));
    }
    return loaded;
}

Result<std::vector<LoadedSubject>> load_subjects(Connection& connection, const std::vector<queue::JobId>& jobs) {
    std::vector<LoadedSubject> subjects;
    subjects.reserve(jobs.size());
    for (const auto id : jobs) {
        auto job = queue::sqlite::SqliteStore::get_job(connection, id);
        const auto record_id = job ? number_from(job->body) : std::nullopt;
        if (!record_id)
            return Error{ErrorKind::bug, "record_missing", "job " + std::to_string(id) + " names no record"};
        auto subject = load_subject(connection, *record_id);
        if (!subject.ok()) return std::move(subject).error();
        subject->job_id = id;
        subject->attempts = job->attempts;
        subject->priority = job->priority;
        subjects.push_back(std::move(*subject));
    }
    return subjects;
}

std::optional<std::string> other_owner(Connection& connection, std::int64_t record_id, const Link& link) {
    auto& select = connection.statement(
        "SELECT r.kind || '/' || r.external_id FROM links l JOIN records r ON r.id = l.record_id "
        "WHERE l.provider_id = :id AND l.entity = :entity AND l.record_id <> :record AND r.connection_id = "
        "(SELECT connection_id FROM records WHERE id = :record) LIMIT 1");
    select.bind(":id", link.id);
    select.bind(":entity", link.entity);
    select.bind(":record", record_id);
    std::optional<std::string> owner;
    if (select.executeStep()) owner = select.getColumn(0).getString();
    select.reset();
    return owner;
}

Result<void> save_link(Connection& connection, std::int64_t record_id, const Link& link, WallTime now) {
    auto& upsert = connection.statement(
        "INSERT INTO links (record_id, role, entity, provider_id, provider_version, owned_hash, record_version, "
        "voided, "
        "changed_ms) VALUES (:record, :role, :entity, :id, :version, :hash, :written, :voided, :now) "
        "ON CONFLICT (record_id, role) DO UPDATE SET entity = excluded.entity, provider_id = excluded.provider_id, "
        "provider_version = excluded.provider_version, owned_hash = excluded.owned_hash, "
        "record_version = excluded.record_version, voided = excluded.voided, changed_ms = excluded.changed_ms");
    upsert.bind(":record", record_id);
    upsert.bind(":role", link.role);
    upsert.bind(":entity", link.entity);
    upsert.bind(":id", link.id);
    upsert.bind(":version", link.version);
    upsert.bind(":hash", link.owned_hash);
    upsert.bind(":written", link.record_version);
    upsert.bind(":voided", link.voided ? 1 : 0);
    upsert.bind(":now", to_ms(now));
    upsert.exec();
    return success();
}

Result<void> drop_link(Connection& connection, std::int64_t record_id, const std::string& role) {
    auto& remove = connection.statement("DELETE FROM links WHERE record_id = :record AND role = :role");
    remove.bind(":record", record_id);
    remove.bind(":role", role);
    remove.exec();
    return success();
}

Result<void> mark_applied(Connection& connection, std::int64_t record_id, std::int64_t version) {
    auto& update = connection.statement(
        "UPDATE records SET applied_version = :version WHERE id = :id AND applied_version < :version");
    update.bind(":version", version);
    update.bind(":id", record_id);
    update.exec();
    return success();
}

Result<void> link_by_hand(Connection& connection, const LinkByHand& decision, const std::string& note, WallTime now) {
    if (const auto owner = other_owner(connection, decision.record_id, decision.link))
        return Error{ErrorKind::conflict, "name_taken", "that object is " + *owner + " of this connection"};
    auto saved = save_link(connection, decision.record_id, decision.link, now);
    if (!saved.ok()) return saved;
    Attempt attempt;
    attempt.record_id = decision.record_id;
    attempt.job_id = decision.job_id;
    attempt.record_version = decision.link.record_version;
    attempt.at = now;
    attempt.role = decision.link.role;
    attempt.verb = to_string(Verb::create);
    attempt.outcome = "applied";
    attempt.code = "by_hand";
    attempt.detail = note;
    auto noted = add_attempt(connection, attempt);
    if (!noted.ok() || !decision.complete) return noted;
    return mark_applied(connection, decision.record_id, decision.link.record_version);
}

}  // namespace spillway::store
