// Webhooks: who wants which events, and where. A partner's key has its own; a platform's key may follow all partners.

#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/webhook_answers.hpp"
#include "services/webhooks/filter.hpp"
#include "services/webhooks/signature.hpp"

namespace spillway::api {
namespace {

using webhooks::WebhookRow;

constexpr auto kOverlap = std::chrono::hours(24);

Error off() { return {ErrorKind::conflict, "webhooks_off", "webhooks are not served here"}; }

/// What the caller wants to be otherwise.
struct Wishes {
    std::optional<std::string> url, types, connection;
};

/// Errors: invalid with pointer.
Result<Wishes> read_wishes(const Call& call, const JsonValue& body) {
    Wishes wishes;
    auto url = optional_text(body, "url", webhooks::kUrlBytesMax);
    if (!url.ok()) return std::move(url).error();
    wishes.url = *std::move(url);
    if (wishes.url) {
        const auto target = webhooks::check_url(*wishes.url, call.context().webhooks->allowed());
        if (!target.ok()) return invalid(target.error().code, target.error().detail, "/url");
    }
    if (const JsonValue* given = body.find("types")) {
        auto types = webhooks::read_types(given);
        if (!types.ok()) return std::move(types).error();
        wishes.types = *std::move(types);
    }
    if (const JsonValue* given = body.find("connection_id"); given != nullptr && given->is_null()) {
        wishes.connection = "";  // of all connections again
        return wishes;
    }
    auto connection = optional_text(body, "connection_id", 128);
    if (!connection.ok()) return std::move(connection).error();
    wishes.connection = *std::move(connection);
    return wishes;
}

void apply(const Wishes& wishes, WebhookRow& row) {
    if (wishes.url) row.url = *wishes.url;
    if (wishes.types) row.types = *wishes.types;
    if (wishes.connection) row.connection = *wishes.connection;
}

/// What the caller may not see is not there; a connection of another partner would give no event.
Result<void> check_scope(store::Connection& connection, const WebhookRow& row) {
    if (!row.partner.empty() && !store::get_partner(connection, PartnerId(row.partner)))
        return Error{ErrorKind::not_found, "not_found", "there is no such partner"};
    if (row.connection.empty()) return success();
    const auto of = store::get_connection(connection, ConnectionId(row.connection));
    if (!of || (!row.partner.empty() && of->partner.value != row.partner))
        return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
    return success();
}

/// A submission whose answer was lost comes again: a second webhook would tell its receiver everything twice.
Result<void> check_single(store::Connection& connection, const WebhookRow& row) {
    const auto same = webhooks::find_same(connection, row);
    if (!same) return success();
    return Error{ErrorKind::conflict, "webhook_exists", *same + " sends to that address already"};
}

/// Changes the row as it then is, for the sender may disable it meanwhile, and tells the sender.
awaitable<Result<WebhookRow>> change_row(Call& call, std::function<void(WebhookRow&)> change) {
    std::function<Result<WebhookRow>(queue::Transaction&)> work =
        [id = call.named.webhook->id,
         change = std::move(change)](queue::Transaction& transaction) -> Result<WebhookRow> {
        auto& connection = queue::sqlite::connection_of(transaction);
        auto row = webhooks::get_webhook(connection, id);
        if (!row) return Error{ErrorKind::not_found, "not_found", "there is no such webhook"};
        change(*row);
        if (auto scope = check_scope(connection, *row); !scope.ok()) return std::move(scope).error();
        if (auto single = check_single(connection, *row); !single.ok()) return std::move(single).error();
        webhooks::update_webhook(connection, *row);
        return *std::move(row);
    };
    auto stored = co_await call.context().store.commit_value<WebhookRow>(queue::CommandClass::settle, std::move(work));
    if (stored.ok()) call.context().webhooks->changed();
    co_return stored;
}

}  // namespace

awaitable<Reply> create_webhook(Call& call) {
    const auto body = read_object_body(call, {"url", "types", "connection_id", "partner_id"});
    if (!body.ok()) co_return problem_reply(body.error());
    if (call.context().webhooks == nullptr) co_return problem_reply(off());
    const auto url = required_text(*body, "url", webhooks::kUrlBytesMax);
    if (!url.ok()) co_return problem_reply(url.error());
    const auto partner = optional_text(*body, "partner_id", 128);
    if (!partner.ok()) co_return problem_reply(partner.error());
    if (*partner && !call.principal.sees(**partner)) co_return no_such("partner");
    WebhookRow row;
    row.partner = call.principal.partner.value_or(partner->value_or(""));
    auto wishes = read_wishes(call, *body);
    if (!wishes.ok()) co_return problem_reply(wishes.error());
    if (!wishes->types) wishes->types = *webhooks::read_types(nullptr);
    apply(*wishes, row);
    row.id = "whk_" + call.context().random.hex128();
    row.created = call.now();
    const Secret secret = webhooks::new_signing_secret(call.context().random);
    row.sealed = call.context().webhooks->seal(secret, row.id);
    queue::Work work = [row](queue::Transaction& transaction) -> Result<void> {
        auto& connection = queue::sqlite::connection_of(transaction);
        if (auto scope = check_scope(connection, row); !scope.ok()) return scope;
        if (auto single = check_single(connection, row); !single.ok()) return single;
        if (webhooks::count_webhooks(connection, row.partner) >= webhooks::kWebhooksMax)
            return Error{ErrorKind::conflict, "too_many", "there are 20 webhooks already"};
        webhooks::insert_webhook(connection, row);
        return success();
    };
    auto made = co_await call.context().store.commit(queue::CommandClass::intake, std::move(work));
    if (!made.ok()) co_return problem_reply(made.error());
    call.context().webhooks->changed();
    co_return webhook_response(201, row, secret.reveal());
}

awaitable<Reply> list_webhooks(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    using Rows = std::vector<WebhookRow>;
    std::function<Result<Rows>(store::Connection&)> look =
        [page = *page, partner = call.principal.partner](store::Connection& connection) {
            return Result<Rows>(webhooks::list_webhooks(connection, partner, page.after, page.limit + 1));
        };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(
        *rows, page->limit,
        [](JsonText& json, const WebhookRow& row) {
            json.object();
            write_webhook(json, row);
            json.close();
        },
        [](const WebhookRow& row) { return row.id; });
}

awaitable<Reply> get_webhook(Call& call) { co_return webhook_response(200, *call.named.webhook); }

awaitable<Reply> set_webhook(Call& call) {
    const auto body = read_object_body(call, {"url", "types", "connection_id", "state"});
    if (!body.ok()) co_return problem_reply(body.error());
    if (call.context().webhooks == nullptr) co_return problem_reply(off());
    auto wishes = read_wishes(call, *body);
    if (!wishes.ok()) co_return problem_reply(wishes.error());
    const auto state = optional_text(*body, "state", 20);
    if (!state.ok()) co_return problem_reply(state.error());
    if (*state && **state != "active" && **state != "disabled")
        co_return problem_reply(invalid("bad_state", "must be active or disabled", "/state"));
    auto row = co_await change_row(call, [wishes = *wishes, state = *state](WebhookRow& now) {
        apply(wishes, now);
        if (!state || *state == now.state) return;
        now.state = *state;
        now.reason = now.state == "active" ? "" : "by_hand";
        now.failing_since.reset();  // the five days begin anew
    });
    if (!row.ok()) co_return problem_reply(row.error());
    co_return webhook_response(200, *row);
}

awaitable<Reply> delete_webhook(Call& call) {
    if (call.context().webhooks == nullptr) co_return problem_reply(off());
    queue::Work work = [id = call.named.webhook->id](queue::Transaction& transaction) {
        webhooks::delete_webhook(queue::sqlite::connection_of(transaction), id);
        return success();
    };
    auto deleted = co_await call.context().store.commit(queue::CommandClass::settle, std::move(work));
    if (!deleted.ok()) co_return problem_reply(deleted.error());
    call.context().webhooks->changed();
    HttpResponse response;
    response.status = 204;
    co_return response;
}

awaitable<Reply> rotate_webhook(Call& call) {
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    if (call.context().webhooks == nullptr) co_return problem_reply(off());
    const Secret secret = webhooks::new_signing_secret(call.context().random);
    const std::string sealed = call.context().webhooks->seal(secret, call.named.webhook->id);
    auto row = co_await change_row(call, [sealed, begun = call.now()](WebhookRow& now) {
        if (now.old_until < begun) now.old_sealed.clear();
        now.old_sealed.insert(now.old_sealed.begin(), now.sealed);
        if (now.old_sealed.size() > webhooks::kOldSecretsMax) now.old_sealed.resize(webhooks::kOldSecretsMax);
        now.old_until = begun + kOverlap;
        now.sealed = sealed;
    });
    if (!row.ok()) co_return problem_reply(row.error());
    co_return webhook_response(200, *row, secret.reveal());
}

}  // namespace spillway::api
