#pragma once
// What the record operations read from a request alike.

#include "schema/record_json.hpp"
#include "services/api/call.hpp"
#include "services/store/external_id.hpp"
#include "services/store/intake.hpp"

namespace spillway::api {

/// The record that the path names. Errors: not_found for a kind that there is not; invalid for a bad external id.
struct RecordPath {
    RecordKind kind = RecordKind::contact;
    ExternalId external_id;
};
Result<RecordPath> read_record_path(const Call& call);
using store::read_external_id;

/// Who submits, when, and the query's `priority`. Errors: invalid/`bad_priority`.
Result<store::Intake> read_intake(const Call& call, queue::Priority fallback);

/// Texts above this are not parsed on the loop.
inline constexpr std::size_t kLoopParseMax = 256u << 10;

/// 422 for a body that is JSON and breaks a rule, 400 for one that is none.
int status_of_bad_record(const Error& error);

}  // namespace spillway::api
