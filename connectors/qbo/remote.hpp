#pragma once
// Objects as read from QuickBooks Online, and the judgement of a write by them.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "connectors/provider.hpp"
#include "schema/json_value.hpp"

namespace spillway::qbo {

/// What a deactivated name list object has behind its name.
inline constexpr std::string_view kDeletedSuffix = " (deleted)";
/// Most rows of one query.
inline constexpr int kPageMax = 1000;

RemoteObject remote_object(std::string_view entity, const JsonValue& object);
/// The link to an object as it was read; record_version is left to the caller.
Link link_to(const RemoteObject& object, std::string_view role);

/// See Provider::read_objects. A read by id that is answered with error 610 gives an object without a version that is
/// not live: gone. Errors: unavailable, throttled, unauthorised; unavailable/`answer_truncated` where more rows match
/// than one page shows.
Result<std::vector<RemoteObject>> read_remote_objects(const PreparedCall& call, const SendResult& answer);

/// See Provider::judge.
///   create of a transaction: ours with the marker, our tag, the counterparty and the total (within the mapping's
///   bound); else foreign create of a name: ours when exactly that entity has it and is active (a name is the contact's
///   or item's identity) update: ours when the object holds what was sent; absent when its version is the one we sent
///   to; else foreign void, delete: ours when the object is no longer live, or gone
Verdict judge_write(const PreparedObject& object, std::span<const RemoteObject> found);

}  // namespace spillway::qbo
