#pragma once
// Idempotency-Key: the same key with the same body gives the same answer for 7 days; with another body, or while the
// first request is in work, it is a conflict. Keys belong to a principal and a path.

#include "services/api/call.hpp"

namespace spillway::api {

using Work = std::function<Result<HttpResponse>(queue::Transaction&)>;

/// Runs `work` in one transaction and answers with what it returns; with a key the answer is stored in that very
/// transaction. An error of `work` rolls back and becomes a problem; it is not stored.
awaitable<Reply> commit_answer(Call& call, queue::CommandClass command, Work work);

/// For work that commits by itself, in steps that are harmless to repeat: its 2xx answer is stored right after it.
awaitable<Reply> answer_with_key(Call& call, Operation work);

}  // namespace spillway::api
