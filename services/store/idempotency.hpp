#pragma once
// Answers by Idempotency-Key, written in the transaction of the work that they answer.

#include "services/store/sql.hpp"

namespace spillway::store {

inline constexpr std::chrono::hours kIdempotencyKept{7 * 24};

struct IdempotencyKey {
    std::string principal, route, key;
};
struct StoredAnswer {
    std::string body_hash;
    int status = 0;
    std::string answer;
};

/// The answer given at most 7 days before `now`.
std::optional<StoredAnswer> find_answer(Connection& connection, const IdempotencyKey& key, WallTime now);
/// Also drops a few answers older than 7 days, so that the table stays bounded without a task of its own.
void store_answer(Connection& connection, const IdempotencyKey& key, const StoredAnswer& answer, WallTime now);

}  // namespace spillway::store
