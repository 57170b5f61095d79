#pragma once
// One submission as the spill file keeps it: all that its intake needs, as one line of JSON.

#include "services/store/idempotency.hpp"
#include "services/store/intake.hpp"

namespace spillway::spill {

struct Entry {
    store::Intake intake;  ///< `now`: when it was acknowledged
    RecordKind kind = RecordKind::contact;
    ExternalId external_id;
    std::string record;  ///< canonical text; empty: a void
    /// The caller's Idempotency-Key, where it sent one.
    struct Keyed {
        std::string route, key, body_hash;
    };
    std::optional<Keyed> keyed{};
};

std::string write_entry(const Entry& entry);
/// Errors: invalid/`bad_entry` (of another version of the program).
Result<Entry> read_entry(std::string_view text);

/// What its caller was told: status 202 with this body.
std::string spilled_answer(const Entry& entry);

/// Names the entry's record among all connections.
std::string record_name(const ConnectionId& connection, RecordKind kind, const ExternalId& external_id);
/// Names an Idempotency-Key among all of them.
std::string key_name(const std::string& principal, const std::string& route, const std::string& key);

}  // namespace spillway::spill
