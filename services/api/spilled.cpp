#include "services/api/spilled.hpp"

#include "services/api/idempotent.hpp"

namespace spillway::api {
namespace {

constexpr Millis kMergePatience{10'000};

/// What the store answered to the first request with the key, where it can be asked.
awaitable<Result<std::optional<HttpResponse>>> answered_before(Call& call, Keyed keyed) {
    using Answer = std::optional<HttpResponse>;
    // Not to be asked: the key is compared once more when the entry is merged.
    if (!call.context().spill->readable()) co_return Answer();
    std::function<Result<Answer>(store::Connection&)> look = [keyed = std::move(keyed),
                                                              now = call.now()](store::Connection& connection) {
        return stored_answer(connection, keyed, now);
    };
    auto before = co_await call.context().store.read<Answer>(std::move(look));
    if (!before.ok() && before.error().kind != ErrorKind::conflict) co_return Answer();
    co_return before;
}

awaitable<Reply> spill_now(Call& call, spill::Entry entry) {
    std::string answer = spill::spilled_answer(entry);
    std::vector<spill::Entry> entries;
    entries.push_back(std::move(entry));
    const auto taken = co_await call.context().spill->take(std::move(entries));
    if (!taken.ok()) co_return problem_reply(taken.error());
    co_return json_response(202, std::move(answer));
}

}  // namespace

awaitable<bool> diverts(Call& call) {
    if (!call.context().spill) co_return false;
    const bool goes = co_await call.context().spill->diverts();
    co_return goes;
}

awaitable<Reply> spill_one(Call& call, spill::Entry entry) {
    const auto may = check_in_memory(call);
    if (!may.ok()) co_return problem_reply(may.error());
    auto keyed = read_key(call);
    if (!keyed.ok()) co_return problem_reply(keyed.error());
    if (!*keyed) {
        auto reply = co_await spill_now(call, std::move(entry));
        co_return reply;
    }
    const Keyed key = **keyed;
    const InWork in_work(call.api.in_work, key.text());
    if (!in_work.taken()) co_return problem_reply(in_flight());
    if (const auto first = call.context().spill->keyed(key.text())) {
        if (*first != key.body_hash) co_return problem_reply(key_reused());
        co_return json_response(202, spill::spilled_answer(entry));
    }
    auto before = co_await answered_before(call, key);
    if (!before.ok()) co_return problem_reply(before.error());
    if (*before) co_return **std::move(before);
    entry.keyed = spill::Entry::Keyed{key.key.route, key.key.key, key.body_hash};
    auto reply = co_await spill_now(call, std::move(entry));
    co_return reply;
}

awaitable<Result<void>> spill_many(Call& call, std::vector<spill::Entry> entries) {
    const auto may = check_in_memory(call);
    if (!may.ok()) co_return may;
    if (entries.empty()) co_return success();
    auto taken = co_await call.context().spill->take(std::move(entries));
    co_return taken;
}

awaitable<Result<void>> await_merge(Call& call) {
    if (!call.context().spill) co_return success();
    const bool drained = co_await call.context().spill->drained(kMergePatience);
    if (drained && !call.out_of_reach()) co_return success();
    Error error{ErrorKind::unavailable, "in_repair", "the database is in repair: what was accepted waits in a file"};
    error.retry_after = std::chrono::seconds(5);
    co_return error;
}

}  // namespace spillway::api
