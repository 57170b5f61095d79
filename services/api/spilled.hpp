#pragma once
// Submissions while the store is out of reach: durable in the spill file, answered 202 with outcome `spilled`.

#include "services/api/call.hpp"

namespace spillway::api {

/// Whether the submission goes to the spill file. Told `false`, hand its work to the store before anything else.
awaitable<bool> diverts(Call& call);
/// One submission into the spill file; a twin by Idempotency-Key gets the answer of the first.
awaitable<Reply> spill_one(Call& call, spill::Entry entry);
/// Several, all or none. Errors: the caller may not; the spill file's.
awaitable<Result<void>> spill_many(Call& call, std::vector<spill::Entry> entries);

/// Waits until what was acknowledged so far is in the store. Errors: unavailable/`in_repair`.
awaitable<Result<void>> await_merge(Call& call);

}  // namespace spillway::api
