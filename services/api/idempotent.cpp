#include "services/api/idempotent.hpp"

#include "schema/sha256.hpp"

namespace spillway::api {
namespace {

constexpr std::size_t kKeyBytesMax = 255;

Result<HttpResponse> answer_once(queue::Transaction& transaction, const Keyed& keyed, WallTime now, const Work& work) {
    auto& connection = queue::sqlite::connection_of(transaction);
    auto before = stored_answer(connection, keyed, now);
    if (!before.ok()) return std::move(before).error();
    if (*before) return **std::move(before);
    auto answer = work(transaction);
    if (!answer.ok()) return answer;
    store::store_answer(connection, keyed.key, {keyed.body_hash, answer->status, answer->body}, now);
    return answer;
}

awaitable<Reply> commit_plain(Call& call, queue::CommandClass command, Work work) {
    auto answer = co_await call.context().store.commit_value<HttpResponse>(command, std::move(work));
    if (!answer.ok()) co_return problem_reply(answer.error());
    co_return *std::move(answer);
}

/// What the caller may see is checked before anything else is looked at, a stored answer included.
Work checked(const Call& call, Work work) {
    if (!call.unchecked) return work;
    return [who = call.principal, id = ConnectionId(call.path.at("connection_id")),
            work = std::move(work)](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto may = check_connection(queue::sqlite::connection_of(transaction), who, id);
        if (!may.ok()) return std::move(may).error();
        return work(transaction);
    };
}

}  // namespace

Result<std::optional<Keyed>> read_key(const Call& call) {
    const auto header = call.request.headers.find("Idempotency-Key");
    if (!header) return std::optional<Keyed>();
    if (header->empty() || header->size() > kKeyBytesMax)
        return invalid("bad_idempotency_key", "an Idempotency-Key has 1 to 255 characters");
    // The route is the very path: one key for two records is two keys.
    Keyed keyed;
    keyed.key = {call.principal.id, call.request.method + " " + std::string(call.request.path()), std::string(*header)};
    keyed.body_hash = sha256_hex(call.request.body);
    return std::optional(std::move(keyed));
}

Error in_flight() {
    return {ErrorKind::conflict, "in_flight", "the first request with this Idempotency-Key is still in work"};
}

Error key_reused() {
    return {ErrorKind::conflict, "idempotency_key_reused", "this Idempotency-Key was used with another body"};
}

Result<std::optional<HttpResponse>> stored_answer(store::Connection& connection, const Keyed& keyed, WallTime now) {
    const auto before = store::find_answer(connection, keyed.key, now);
    if (!before) return std::optional<HttpResponse>();
    if (before->body_hash != keyed.body_hash) return key_reused();
    return std::optional(json_response(before->status, before->answer));
}

awaitable<Reply> commit_answer(Call& call, queue::CommandClass command, Work work) {
    auto keyed = read_key(call);
    if (!keyed.ok()) {
        auto refused = co_await refuse(call, keyed.error());
        co_return refused;
    }
    if (!*keyed) {
        work = checked(call, std::move(work));
        auto reply = co_await commit_plain(call, command, std::move(work));
        co_return reply;
    }
    const InWork in_work(call.api.in_work, (*keyed)->text());
    if (!in_work.taken()) {
        auto refused = co_await refuse(call, in_flight());
        co_return refused;
    }
    Work once = [keyed = **keyed, now = call.now(), work = std::move(work)](queue::Transaction& transaction) {
        return answer_once(transaction, keyed, now, work);
    };
    once = checked(call, std::move(once));
    auto reply = co_await commit_plain(call, command, std::move(once));
    co_return reply;
}

awaitable<Reply> answer_with_key(Call& call, Operation work) {
    auto keyed = read_key(call);
    if (!keyed.ok()) co_return problem_reply(keyed.error());
    if (!*keyed) {
        auto reply = co_await work(call);
        co_return reply;
    }
    const InWork in_work(call.api.in_work, (*keyed)->text());
    if (!in_work.taken()) co_return problem_reply(in_flight());
    const Keyed key = **keyed;
    const WallTime now = call.now();
    std::function<Result<std::optional<HttpResponse>>(store::Connection&)> look =
        [key, now](store::Connection& connection) { return stored_answer(connection, key, now); };
    auto before = co_await call.context().store.read<std::optional<HttpResponse>>(std::move(look));
    if (!before.ok()) co_return problem_reply(before.error());
    if (*before) co_return **std::move(before);
    auto reply = co_await work(call);
    const auto* answer = std::get_if<HttpResponse>(&reply);
    if (!answer || answer->status >= 300) co_return reply;
    queue::Work keep = [key, now, status = answer->status, body = answer->body](queue::Transaction& transaction) {
        store::store_answer(queue::sqlite::connection_of(transaction), key.key, {key.body_hash, status, body}, now);
        return success();
    };
    // Without the stored answer a repetition does the work again, which is harmless: the answer given stands.
    [[maybe_unused]] auto kept = co_await call.context().store.commit(queue::CommandClass::intake, std::move(keep));
    co_return reply;
}

}  // namespace spillway::api
