// The relay as callers see it: where it stands, what it refused, and the two things that a person may ask of it.

#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/relay_answers.hpp"
#include "services/relay/ledger.hpp"

namespace spillway::api {
namespace {

/// The relay reads what all partners' records come from: nothing for a key of one of them.
std::optional<Error> not_for(const Call& call) {
    if (call.principal.partner) return Error{ErrorKind::forbidden, "scope", "the relay is not for keys of one partner"};
    return std::nullopt;
}

Error off() { return {ErrorKind::conflict, "relay_off", "no payment database is configured"}; }

HttpResponse status_response(const ApiContext& context) {
    JsonText json;
    if (context.relay == nullptr)
        json.object().member("state", "off").close();
    else
        write_relay(json, context.relay->status());
    return json_response(200, std::move(json).take());
}

}  // namespace

awaitable<Reply> get_relay(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    co_return status_response(call.context());
}

awaitable<Reply> release_relay(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    if (call.context().relay == nullptr) co_return problem_reply(off());
    auto released = co_await call.context().relay->release();
    if (!released.ok()) co_return problem_reply(released.error());
    co_return status_response(call.context());
}

awaitable<Reply> resume_relay(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto body = read_object_body(call, {"reread"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    const JsonValue* reread = body->find("reread");
    if (reread != nullptr && !reread->is_boolean())
        co_return problem_reply(invalid("wrong_type", "must be true or false", "/reread"));
    if (call.context().relay == nullptr) co_return problem_reply(off());
    auto resumed = co_await call.context().relay->resume(reread != nullptr && reread->bool_or(false));
    if (!resumed.ok()) co_return problem_reply(resumed.error());
    co_return status_response(call.context());
}

awaitable<Reply> list_relay_refusals(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto before = number_cursor(*page);
    if (!before.ok()) co_return problem_reply(before.error());
    using Rows = std::vector<relay::Refusal>;
    std::function<Result<Rows>(store::Connection&)> look = [before = *before,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return Result<Rows>(relay::list_refusals(connection, before, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(*rows, page->limit, write_refusal,
                            [](const relay::Refusal& row) { return std::to_string(row.id); });
}

}  // namespace spillway::api
