#pragma once
// Idempotency-Key: the same key with the same body gives the same answer for 7 days; with another body, or while the
// first request is in work, it is a conflict. Keys belong to a principal and a path.

#include <set>

#include "services/api/call.hpp"
#include "services/store/idempotency.hpp"

namespace spillway::api {

using Work = std::function<Result<HttpResponse>(queue::Transaction&)>;

/// Runs `work` in one transaction and answers with what it returns; with a key the answer is stored in that very
/// transaction. An error of `work` rolls back and becomes a problem; it is not stored.
awaitable<Reply> commit_answer(Call& call, queue::CommandClass command, Work work);

/// For work that commits by itself, in steps that are harmless to repeat: its 2xx answer is stored right after it.
awaitable<Reply> answer_with_key(Call& call, Operation work);

/// Holds a key for as long as its first request is in work.
class InWork {
 public:
    InWork(std::set<std::string>& all, std::string key)
        : all_(all), key_(std::move(key)), taken_(all_.insert(key_).second) {}
    ~InWork() {
        if (taken_) all_.erase(key_);
    }
    InWork(const InWork&) = delete;
    InWork& operator=(const InWork&) = delete;
    [[nodiscard]] bool taken() const { return taken_; }

 private:
    std::set<std::string>& all_;
    std::string key_;
    bool taken_;
};

struct Keyed {
    store::IdempotencyKey key;
    std::string body_hash;
    [[nodiscard]] std::string text() const { return spill::key_name(key.principal, key.route, key.key); }
};
/// The request's key, nothing when it has none. Errors: invalid/`bad_idempotency_key`.
Result<std::optional<Keyed>> read_key(const Call& call);
Error in_flight();
Error key_reused();
/// The stored answer, nothing when there is none. Errors: conflict/`idempotency_key_reused`.
Result<std::optional<HttpResponse>> stored_answer(store::Connection& connection, const Keyed& keyed, WallTime now);

}  // namespace spillway::api
