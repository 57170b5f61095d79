// Holds: what keeps jobs from being claimed, and the keys that jobs of a connection wait for. A hold of a whole
// connection is its pause.

#include <algorithm>

#include "schema/date.hpp"
#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/store/events.hpp"

namespace spillway::api {
namespace {

constexpr std::size_t kKindMax = 100;

/// Holds reach over partners: nothing for a key of one of them.
std::optional<Error> not_for(const Call& call) {
    if (call.principal.partner) return Error{ErrorKind::forbidden, "scope", "holds are not for keys of one partner"};
    return std::nullopt;
}

/// In the order of pages.
std::string place_of(const queue::Hold& hold) { return hold.lane.value_or("") + "/" + hold.kind.value_or(""); }

void write_hold(JsonText& json, const queue::Hold& hold) {
    json.object().member("connection_id", hold.lane).member("kind", hold.kind).member("reason", hold.reason);
    json.member("since", format_utc(hold.since));
    if (hold.until) json.member("until", format_utc(*hold.until));
    json.close();
}

struct HoldRequest {
    std::optional<std::string> connection, kind;
};

Result<HoldRequest> read_scope(const JsonValue& body) {
    auto connection = optional_text(body, "connection_id", 400);
    if (!connection.ok()) return std::move(connection).error();
    auto kind = optional_text(body, "kind", kKindMax);
    if (!kind.ok()) return std::move(kind).error();
    return HoldRequest{*std::move(connection), *std::move(kind)};
}

Result<std::optional<WallTime>> read_until(const JsonValue& body, WallTime now) {
    const auto text = optional_text(body, "until", 40);
    if (!text.ok()) return text.error();
    if (!*text) return std::optional<WallTime>();
    auto when = parse_utc(**text);
    if (!when.ok()) {
        Error error = std::move(when).error();
        error.pointer = "/until";
        return error;
    }
    if (*when <= now) return invalid("bad_time", "must lie in the future", "/until");
    return std::optional(*when);
}

Result<PartnerId> owner_of(store::Connection& connection, const std::optional<std::string>& id) {
    if (!id) return PartnerId();
    const auto owner = store::get_connection(connection, ConnectionId(*id));
    if (!owner) return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
    return owner->partner;
}

/// One change of holds with its event.
Work change(const Call& call, const HoldRequest& scope, std::string type,
            std::function<Result<void>(queue::Transaction&)> verb) {
    return [scope, type = std::move(type), verb = std::move(verb), now = call.now(),
            by = call.principal.id](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto& connection = queue::sqlite::connection_of(transaction);
        const auto owner = owner_of(connection, scope.connection);
        if (!owner.ok()) return owner.error();
        if (auto changed = verb(transaction); !changed.ok()) return std::move(changed).error();
        JsonText json;
        json.object().member("kind", scope.kind).member("by", by).close();
        store::append_event(connection,
                            {now, *owner, ConnectionId(scope.connection.value_or("")), type, std::move(json).take()});
        JsonText answer;
        answer.object().member("connection_id", scope.connection).member("kind", scope.kind).close();
        return json_response(200, std::move(answer).take());
    };
}

bool is_whole_connection(const HoldRequest& scope) { return scope.connection && !scope.kind; }

Reply answer_pause(const HoldRequest& scope, const Result<void>& changed) {
    if (!changed.ok()) return problem_reply(changed.error());
    JsonText answer;
    answer.object().member("connection_id", scope.connection).close();
    return json_response(200, std::move(answer).take());
}

/// Whether it is in force, its time included.
bool is_held(const ApiContext& context, const HoldRequest& scope) {
    const auto holds = context.store.holds();
    return std::ranges::any_of(
        holds, [&](const queue::Hold& hold) { return hold.lane == scope.connection && hold.kind == scope.kind; });
}

void write_blocked(JsonText& json, const queue::BlockedKey& key, bool running) {
    json.object().member("key", key.key).member("waiting", key.waiting).member("first_job_id", key.first);
    json.member("since", format_utc(key.since)).member("job_id", key.head);
    if (key.state) json.member("state", queue::to_string(running ? queue::JobState::running : *key.state));
    if (!key.cause.empty()) json.member("cause", key.cause);
    json.close();
}

}  // namespace

awaitable<Reply> list_holds(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    auto holds = call.context().store.holds();
    std::erase_if(holds,
                  [&](const queue::Hold& hold) { return place_of(hold) <= page->after && !page->after.empty(); });
    std::ranges::sort(holds, {}, place_of);
    co_return page_response(holds, page->limit, write_hold, place_of);
}

awaitable<Reply> set_hold(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto body = read_object_body(call, {"connection_id", "kind", "reason", "until"});
    if (!body.ok()) co_return problem_reply(body.error());
    const auto scope = read_scope(*body);
    if (!scope.ok()) co_return problem_reply(scope.error());
    const auto reason = required_text(*body, "reason", 500);
    if (!reason.ok()) co_return problem_reply(reason.error());
    const auto until = read_until(*body, call.now());
    if (!until.ok()) co_return problem_reply(until.error());
    if (is_whole_connection(*scope)) {
        auto paused = co_await call.context().sync.pause(ConnectionId(*scope->connection), *reason, *until);
        co_return answer_pause(*scope, paused);
    }
    const queue::Hold hold{scope->connection, scope->kind, *reason, {}, *until};
    Work work =
        change(call, *scope, "hold.set", [hold](queue::Transaction& transaction) { return transaction.hold(hold); });
    auto reply = co_await commit_answer(call, queue::CommandClass::settle, std::move(work));
    co_return reply;
}

awaitable<Reply> lift_hold(Call& call) {
    if (const auto refused = not_for(call)) co_return problem_reply(*refused);
    const auto body = read_object_body(call, {"connection_id", "kind"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    const auto scope = read_scope(*body);
    if (!scope.ok()) co_return problem_reply(scope.error());
    if (!is_held(call.context(), *scope)) co_return no_such("hold");
    if (is_whole_connection(*scope)) {
        auto resumed = co_await call.context().sync.resume(ConnectionId(*scope->connection));
        co_return answer_pause(*scope, resumed);
    }
    Work work = change(call, *scope, "hold.lifted", [scope = *scope](queue::Transaction& transaction) {
        return transaction.lift(scope.connection, scope.kind);
    });
    auto reply = co_await commit_answer(call, queue::CommandClass::settle, std::move(work));
    co_return reply;
}

awaitable<Reply> list_blocked(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const std::size_t limit = std::min(page->limit, store::kPageMax - 1);  // one more says whether others follow
    using Keys = std::vector<queue::BlockedKey>;
    std::function<Result<Keys>(store::Connection&)> look = [lane = call.named.connection->id.value, after = page->after,
                                                            limit](store::Connection& connection) {
        return Result<Keys>(queue::sqlite::SqliteStore::blocked_keys(connection, lane, after, limit + 1));
    };
    const auto keys = co_await call.context().store.read<Keys>(std::move(look));
    if (!keys.ok()) co_return problem_reply(keys.error());
    auto& store = call.context().store;
    co_return page_response(
        *keys, limit,
        [&store](JsonText& json, const queue::BlockedKey& key) {
            write_blocked(json, key, key.head && store.claimed(*key.head));
        },
        [](const queue::BlockedKey& key) { return key.key; });
}

}  // namespace spillway::api
