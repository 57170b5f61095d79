#include "services/spill/merge.hpp"

#include "schema/json_text.hpp"
#include "schema/record_json.hpp"
#include "services/store/events.hpp"

namespace spillway::spill {
namespace {

using Outcome = store::Accepted::Outcome;

constexpr std::chrono::days kRefusalsKept{90};

/// For those who follow the connection: what its caller was not told at once.
void announce(store::Connection& connection, const Entry& entry, const char* type, const Error* error, WallTime now) {
    const auto owner = store::get_connection_gist(connection, entry.intake.connection);
    if (!owner) return;
    JsonText json;
    json.object().member("kind", to_string(entry.kind)).member("external_id", entry.external_id.value);
    json.member("accepted_at_ms", to_ms(entry.intake.now));
    if (error) json.member("code", error->code).member("detail", error->detail);
    json.close();
    store::append_event(connection, {now, owner->partner, owner->id, type, std::move(json).take()});
}

void refuse(store::Connection& connection, const Ready& ready, const Error& error, WallTime now) {
    store::run(connection,
               "DELETE FROM spill_refusals WHERE sequence IN"
               " (SELECT sequence FROM spill_refusals WHERE at_ms <= ?1 ORDER BY at_ms LIMIT 10)",
               now - kRefusalsKept);
    store::run(connection,
               "INSERT OR REPLACE INTO spill_refusals (sequence, at_ms, code, detail, entry)"
               " VALUES (?1, ?2, ?3, ?4, ?5)",
               ready.sequence, now, error.code, error.detail, ready.payload);
    if (ready.entry) announce(connection, *ready.entry, "record.refused", &error, now);
}

Result<store::Accepted> accept(queue::Transaction& transaction, const Ready& ready) {
    const Entry& entry = *ready.entry;
    if (ready.record) return store::accept_record(transaction, entry.intake, entry.external_id, *ready.record);
    return store::accept_void(transaction, entry.intake, entry.kind, entry.external_id);
}

store::IdempotencyKey idempotency_key(const Entry& entry) {
    return {entry.intake.principal, entry.keyed->route, entry.keyed->key};
}

/// The first request with the key was answered by the store, before the store was out of reach.
Result<bool> repeats(store::Connection& connection, const Entry& entry) {
    if (!entry.keyed) return false;
    const auto before = store::find_answer(connection, idempotency_key(entry), entry.intake.now);
    if (!before) return false;
    if (before->body_hash == entry.keyed->body_hash) return true;
    return Error{ErrorKind::conflict, "idempotency_key_reused", "this Idempotency-Key was used with another body"};
}

Result<Merged> merge_one(queue::Transaction& transaction, const Ready& ready, WallTime now) {
    auto& connection = queue::sqlite::connection_of(transaction);
    Merged merged;
    const auto note_refusal = [&](const Error& error) {
        refuse(connection, ready, error, now);
        merged.refused = 1;
        return merged;
    };
    if (ready.refused) return note_refusal(*ready.refused);
    const Entry& entry = *ready.entry;
    const auto repeated = repeats(connection, entry);
    if (!repeated.ok()) return note_refusal(repeated.error());
    if (*repeated) {
        merged.repeated = 1;
        return merged;
    }
    auto accepted = accept(transaction, ready);
    if (!accepted.ok() && !store::refused_cleanly(accepted.error())) return std::move(accepted).error();
    if (entry.keyed)
        store::store_answer(connection, idempotency_key(entry), {entry.keyed->body_hash, 202, spilled_answer(entry)},
                            entry.intake.now);
    if (!accepted.ok()) return note_refusal(accepted.error());
    if (accepted->outcome == Outcome::superseded) announce(connection, entry, "record.superseded", nullptr, now);
    merged.accepted = accepted->outcome == Outcome::accepted ? 1 : 0;
    merged.unchanged = accepted->outcome == Outcome::unchanged ? 1 : 0;
    merged.superseded = accepted->outcome == Outcome::superseded ? 1 : 0;
    return merged;
}

}  // namespace

Merged& Merged::operator+=(const Merged& other) {
    accepted += other.accepted;
    unchanged += other.unchanged;
    superseded += other.superseded;
    repeated += other.repeated;
    refused += other.refused;
    return *this;
}

Ready make_ready(const queue::SpillEntry& spilled) {
    Ready ready{spilled.sequence, spilled.payload};
    auto entry = read_entry(spilled.payload);
    if (!entry.ok()) {
        ready.refused = entry.error();
        return ready;
    }
    ready.entry = *std::move(entry);
    if (ready.entry->record.empty()) return ready;
    const auto record = read_record(ready.entry->kind, ready.entry->record);
    if (record.ok())
        ready.record.emplace(*record);
    else
        ready.refused = record.error();
    return ready;
}

std::uint64_t spill_mark(store::Connection& connection) {
    const auto mark = store::first_row(store::query(connection, "SELECT merged FROM spill_mark WHERE id = 1"),
                                       [](SQLite::Statement& row) { return store::integer(row, 0); });
    return static_cast<std::uint64_t>(mark.value_or(0));
}

Result<Merged> merge(queue::Transaction& transaction, const std::vector<Ready>& entries, WallTime now) {
    auto& connection = queue::sqlite::connection_of(transaction);
    std::uint64_t mark = spill_mark(connection);
    Merged merged;
    for (const Ready& ready : entries) {
        if (ready.sequence <= mark) continue;
        auto one = merge_one(transaction, ready, now);
        if (!one.ok()) return one;
        merged += *one;
        mark = ready.sequence;
    }
    store::run(connection, "INSERT OR REPLACE INTO spill_mark (id, merged) VALUES (1, ?1)", mark);
    return merged;
}

}  // namespace spillway::spill
