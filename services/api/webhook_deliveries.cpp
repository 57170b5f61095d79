// What became of the messages of a webhook, and how to send them again.

#include "schema/date.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/webhook_answers.hpp"

namespace spillway::api {
namespace {

using webhooks::DeliveryRow;

constexpr std::size_t kReplayedAtOnce = 1'000;

void tell_sender(const Call& call) {
    if (call.context().webhooks != nullptr) call.context().webhooks->changed();
}

std::string ping_body(const std::string& webhook, WallTime now) {
    JsonText json;
    json.object().member("type", "webhook.ping").member("timestamp", format_utc(now)).key("data");
    json.object().member("webhook_id", webhook).close().close();
    return std::move(json).take();
}

}  // namespace

awaitable<Reply> ping_webhook(Call& call) {
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    if (call.named.webhook->state != "active")
        co_return problem_reply(Error{ErrorKind::conflict, "disabled", "the webhook is disabled: activate it first"});
    DeliveryRow row;
    row.webhook = call.named.webhook->id;
    row.message = "msg_" + call.context().random.hex128();
    row.type = "webhook.ping";
    row.due = row.created = call.now();
    row.body = ping_body(row.webhook, row.created);
    std::function<Result<std::int64_t>(queue::Transaction&)> work =
        [row](queue::Transaction& transaction) -> Result<std::int64_t> {
        auto& connection = queue::sqlite::connection_of(transaction);
        if (!webhooks::get_webhook(connection, row.webhook))
            return Error{ErrorKind::not_found, "not_found", "there is no such webhook"};
        return webhooks::insert_delivery(connection, row);
    };
    auto id = co_await call.context().store.commit_value<std::int64_t>(queue::CommandClass::intake, std::move(work));
    if (!id.ok()) co_return problem_reply(id.error());
    row.id = *id;
    tell_sender(call);
    co_return delivery_response(202, row);
}

awaitable<Reply> list_deliveries(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto before = number_cursor(*page);
    if (!before.ok()) co_return problem_reply(before.error());
    const auto state = call.argument("state");
    if (state && *state != "pending" && *state != "delivered" && *state != "failed")
        co_return problem_reply(invalid("bad_state", "`state` is pending, delivered or failed"));
    using Rows = std::vector<DeliveryRow>;
    std::function<Result<Rows>(store::Connection&)> look = [id = call.named.webhook->id, state, before = *before,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return Result<Rows>(webhooks::list_deliveries(connection, id, state, before, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(
        *rows, page->limit,
        [](JsonText& json, const DeliveryRow& row) {
            json.object();
            write_delivery(json, row);
            json.close();
        },
        [](const DeliveryRow& row) { return std::to_string(row.id); });
}

awaitable<Reply> replay_delivery(Call& call) {
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    std::function<Result<DeliveryRow>(queue::Transaction&)> work =
        [webhook = call.named.webhook->id, id = call.named.delivery->id,
         now = call.now()](queue::Transaction& transaction) -> Result<DeliveryRow> {
        auto& connection = queue::sqlite::connection_of(transaction);
        webhooks::replay_delivery(connection, id, now);
        const auto row = webhooks::get_delivery(connection, webhook, id);
        if (!row) return Error{ErrorKind::not_found, "not_found", "there is no such delivery"};
        return *row;
    };
    auto row = co_await call.context().store.commit_value<DeliveryRow>(queue::CommandClass::settle, std::move(work));
    if (!row.ok()) co_return problem_reply(row.error());
    tell_sender(call);
    co_return delivery_response(200, *row);
}

awaitable<Reply> replay_deliveries(Call& call) {
    const auto body = read_object_body(call, {"since", "delivered", "after"});
    if (!body.ok()) co_return problem_reply(body.error());
    const auto since_text = required_text(*body, "since", 40);
    if (!since_text.ok()) co_return problem_reply(since_text.error());
    const auto since = parse_utc(*since_text);
    if (!since.ok()) co_return problem_reply(invalid("bad_time", "must be a time, as 2027-01-31T00:00:00Z", "/since"));
    const JsonValue* delivered = body->find("delivered");
    if (delivered != nullptr && !delivered->is_boolean())
        co_return problem_reply(invalid("wrong_type", "must be true or false", "/delivered"));
    const auto after = (*body)["after"].is_null() ? Result<std::int64_t>(std::int64_t{0}) : (*body)["after"].as_int64();
    if (!after.ok()) co_return problem_reply(invalid("bad_cursor", "must be the `next` of an answer", "/after"));
    std::function<Result<webhooks::Replayed>(queue::Transaction&)> work =
        [id = call.named.webhook->id, since = *since, all = delivered != nullptr && delivered->bool_or(false),
         after = *after, now = call.now()](queue::Transaction& transaction) {
            return Result<webhooks::Replayed>(webhooks::replay_since(queue::sqlite::connection_of(transaction), id,
                                                                     since, all, after, kReplayedAtOnce, now));
        };
    auto done =
        co_await call.context().store.commit_value<webhooks::Replayed>(queue::CommandClass::settle, std::move(work));
    if (!done.ok()) co_return problem_reply(done.error());
    tell_sender(call);
    JsonText json;
    json.object().member("replayed", done->count);
    if (done->last > 0) json.member("next", done->last);
    json.close();
    co_return json_response(200, std::move(json).take());
}

}  // namespace spillway::api
