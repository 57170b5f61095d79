#include "services/relay/intake.hpp"

#include "schema/json_text.hpp"
#include "schema/record_json.hpp"
#include "services/store/events.hpp"
#include "services/store/external_id.hpp"
#include "services/store/intake.hpp"

namespace spillway::relay {
namespace {

constexpr std::string_view kPrincipal = "relay";
constexpr std::size_t kShownMax = 200;

/// Texts of a row that is refused may be anything.
std::string shown(const std::string& text) { return text.substr(0, kShownMax); }

std::optional<Error> check(CheckedRow& out) {
    const OutboxRow& row = out.row;
    const auto kind = record_kind_from(row.kind);
    if (!kind) return invalid("unknown_kind", "there is no such kind of record");
    out.kind = *kind;
    auto id = store::read_external_id(row.external_id, "");
    if (!id.ok()) return std::move(id).error();
    out.is_void = row.operation == "void";
    if (out.is_void) return std::nullopt;
    if (row.operation != "put") return invalid("unknown_operation", "the operation is put or void");
    if (!row.unreadable.empty()) return invalid("body_unreadable", row.unreadable);
    if (row.body_bytes > kRecordBytesMax) return invalid("record_too_large", "a record may have 4 MiB");
    if (!row.body) return invalid("no_body", "the row has no body, and spillway_body has none for its record");
    auto record = read_record(*kind, *row.body);
    if (!record.ok()) return std::move(record).error();
    out.record = *std::move(record);
    return std::nullopt;
}

/// An event for those who follow the connection; a row that names none of ours is for the relay's list alone.
void announce_refusal(store::Connection& connection, const Refusal& refusal) {
    const auto owner = store::get_connection(connection, ConnectionId(refusal.row.connection));
    if (!owner) return;
    JsonText json;
    json.object().member("kind", refusal.row.kind).member("external_id", refusal.row.external_id);
    json.member("code", refusal.error.code).member("detail", refusal.error.detail);
    if (!refusal.error.pointer.empty()) json.member("pointer", refusal.error.pointer);
    json.close();
    store::append_event(connection, {refusal.at, owner->partner, owner->id, "record.refused", std::move(json).take()});
}

Result<Taken> accept_row(queue::Transaction& transaction, const CheckedRow& row, WallTime now) {
    Taken taken;
    const store::Intake intake{ConnectionId(row.row.connection), std::string(kPrincipal), now, queue::Priority::normal};
    const ExternalId id(row.row.external_id);
    auto accepted = row.is_void ? store::accept_void(transaction, intake, row.kind, id)
                                : store::accept_record(transaction, intake, id, *row.record);
    if (!accepted.ok()) {
        if (!store::refused_cleanly(accepted.error())) return std::move(accepted).error();
        refuse_row(queue::sqlite::connection_of(transaction), row.row, accepted.error(), now);
        taken.refused = 1;
        return taken;
    }
    switch (accepted->outcome) {
        case store::Accepted::Outcome::accepted: taken.accepted = 1; break;
        case store::Accepted::Outcome::unchanged: taken.unchanged = 1; break;
        case store::Accepted::Outcome::superseded: taken.superseded = 1; break;
    }
    return taken;
}

}  // namespace

Taken& Taken::operator+=(const Taken& other) {
    accepted += other.accepted;
    unchanged += other.unchanged;
    superseded += other.superseded;
    duplicate += other.duplicate;
    refused += other.refused;
    return *this;
}

std::vector<CheckedRow> check_rows(std::vector<OutboxRow> rows) {
    std::vector<CheckedRow> out;
    out.reserve(rows.size());
    for (OutboxRow& row : rows) {
        CheckedRow checked;
        checked.row = std::move(row);
        checked.error = check(checked);
        checked.row.body.reset();
        out.push_back(std::move(checked));
    }
    return out;
}

void refuse_row(store::Connection& connection, const OutboxRow& row, const Error& error, WallTime now) {
    Refusal refusal;
    refusal.row = row;
    refusal.row.body.reset();
    for (auto* text : {&refusal.row.event_id, &refusal.row.connection, &refusal.row.kind, &refusal.row.external_id,
                       &refusal.row.operation})
        *text = shown(*text);
    refusal.error = error;
    refusal.at = now;
    add_refusal(connection, refusal);
    announce_refusal(connection, refusal);
}

Result<Taken> accept_rows(queue::Transaction& transaction, const std::vector<CheckedRow>& rows, WallTime now) {
    auto& connection = queue::sqlite::connection_of(transaction);
    Taken taken;
    for (const CheckedRow& row : rows) {
        if (!remember_event(connection, row.row.event_id, now)) {
            ++taken.duplicate;
            continue;
        }
        if (row.error) {
            refuse_row(connection, row.row, *row.error, now);
            ++taken.refused;
            continue;
        }
        auto one = accept_row(transaction, row, now);
        if (!one.ok()) return std::move(one).error();
        taken += *one;
    }
    return taken;
}

}  // namespace spillway::relay
