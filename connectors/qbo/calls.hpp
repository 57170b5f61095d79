#pragma once
// The HTTP requests of QuickBooks Online: writes by batch, voids alone, reads by id, look-ups by marker.

#include <span>
#include <string>
#include <vector>

#include "connectors/provider.hpp"

namespace spillway::qbo {

/// Objects of one call by default, and the most that the provider takes (30; read time-outs are reported at that size).
inline constexpr std::size_t kBatchSize = 15, kBatchMax = 30;

/// Which steps may share a call. Creates and updates of transactions, those of name lists, and deletes are three kinds
/// of batch; the void of a transaction goes alone, since only its single-object form is documented.
Provider::BatchRule batch_rule_of(const Step& step);

/// One write. Everything but a transaction's void goes through `/batch`, a single object too: one identity (requestid +
/// bId), one shape of answer, one reading of faults. bId is the object's ordinal from 0.
PreparedCall write_call(std::string_view tenant, std::span<const PreparedObject> objects, std::string key);
/// Whether the call for this object is a single-object one: its answer has no batch around it.
bool goes_alone(const PreparedObject& object);

/// One GET per object: a row got by query may carry an old SyncToken.
std::vector<PreparedCall> reads_by_id(std::string_view tenant, std::span<const Link> links);

/// By number, reference or name, up to 30 values and some 4 kB of them per query; updates, voids and deletes by id. A
/// contact's name is searched among customers, vendors and employees, since it is unique over all three, and also as
/// deactivated: "name (deleted)".
std::vector<PreparedCall> look_ups(std::string_view tenant, std::span<const PreparedObject> objects);

}  // namespace spillway::qbo
