#include <exception>

#include "schema/assert.hpp"
#include "schema/sha256.hpp"
#include "services/api/routes.hpp"
#include "services/http/problem.hpp"

namespace spillway::api {
namespace {

/// The caller's request id where it is short and printable, else one of ours.
std::string request_id_of(const HttpRequest& request, Random& random) {
    const auto given = request.headers.find("X-Request-Id");
    const bool usable = given && !given->empty() && given->size() <= 128 &&
                        std::ranges::all_of(*given, [](char c) { return c > ' ' && c < '\x7f'; });
    return usable ? std::string(*given) : random.hex128();
}

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const auto end = words.find(' ');
        if (words.substr(0, end) == word) return true;
        if (end == std::string_view::npos) return false;
        words.remove_prefix(end + 1);
    }
    return false;
}

HttpResponse unauthenticated(std::string_view why) {
    HttpResponse response = http::problem(Error{ErrorKind::forbidden, "unauthenticated", std::string(why)}, 401);
    response.headers.set("WWW-Authenticate", "Bearer");
    return response;
}

Error missing(std::string_view what) {
    return {ErrorKind::not_found, "not_found", "there is no such " + std::string(what)};
}
Error suspended() { return {ErrorKind::forbidden, "partner_suspended", "the partner is suspended"}; }

using Path = std::unordered_map<std::string, std::string>;

const std::string* parameter(const Path& path, const char* name) {
    const auto found = path.find(name);
    return found == path.end() ? nullptr : &found->second;
}

Result<void> load_owner(store::Connection& connection, const Path& path, const Principal& principal, Named& named) {
    if (const auto* id = parameter(path, "partner_id")) {
        named.partner = store::get_partner(connection, PartnerId(*id));
        if (!named.partner || !principal.sees(*id)) return missing("partner");
    }
    if (const auto* id = parameter(path, "connection_id")) {
        named.connection = store::get_connection(connection, ConnectionId(*id));
        if (!named.connection || !principal.sees(named.connection->partner.value)) return missing("connection");
    }
    if (const auto* id = parameter(path, "sync_id")) {
        named.sync = store::get_sync(connection, SyncId(*id));
        if (!named.sync || named.sync->connection != named.connection->id) return missing("sync");
    }
    return success();
}

/// Of the service's own jobs, which are nobody's: seen by whoever is bound to no partner.
store::ConnectionRow no_connection(const std::string& lane) {
    store::ConnectionRow row;
    row.id = ConnectionId(lane);
    return row;
}

/// Nothing for what is no plain number; 18 digits cannot overflow.
std::optional<std::int64_t> row_number(const std::string& id) {
    if (id.empty() || id.size() > 18 || id.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return std::stoll(id);
}

Result<void> load_job(store::Connection& connection, const std::string& id, const Principal& principal, Named& named) {
    const auto number = row_number(id);
    if (number) named.job = queue::sqlite::SqliteStore::get_job(connection, *number);
    if (!named.job) return missing("job");
    named.connection = store::get_connection(connection, ConnectionId(named.job->lane));
    if (!named.connection) named.connection = no_connection(named.job->lane);
    if (!principal.sees(named.connection->partner.value)) return missing("job");
    return success();
}

Result<void> load_webhook(store::Connection& connection, const Path& path, const Principal& principal, Named& named) {
    const auto* id = parameter(path, "webhook_id");
    if (id == nullptr) return success();
    named.webhook = webhooks::get_webhook(connection, *id);
    if (!named.webhook || !principal.sees(named.webhook->partner)) return missing("webhook");
    if (const auto* delivery = parameter(path, "delivery_id")) {
        const auto number = row_number(*delivery);
        if (number) named.delivery = webhooks::get_delivery(connection, *id, *number);
        if (!named.delivery) return missing("delivery");
    }
    return success();
}

Result<void> load_rest(store::Connection& connection, const Path& path, const Principal& principal, Named& named) {
    if (const auto* id = parameter(path, "replay_id")) {
        named.replay = store::get_replay(connection, *id);
        if (!named.replay || !principal.sees(named.replay->partner)) return missing("replay");
    }
    if (const auto* id = parameter(path, "key_id")) {
        named.key = store::get_api_key(connection, *id);
        if (!named.key || !principal.sees(named.key->partner.value_or(""))) return missing("key");
    }
    if (auto webhook = load_webhook(connection, path, principal, named); !webhook.ok()) return webhook;
    if (const auto* id = parameter(path, "job_id")) return load_job(connection, *id, principal, named);
    return success();
}

Result<void> check_partner(store::Connection& connection, const Principal& principal) {
    if (!principal.partner) return success();
    const auto own = store::get_partner(connection, PartnerId(*principal.partner));
    if (!own || own->state == "suspended") return suspended();
    return success();
}

Result<Named> load(store::Connection& connection, const Path& path, const Principal& principal) {
    Named named;
    if (auto partner = check_partner(connection, principal); !partner.ok()) return std::move(partner).error();
    if (auto owner = load_owner(connection, path, principal, named); !owner.ok()) return std::move(owner).error();
    if (auto rest = load_rest(connection, path, principal, named); !rest.ok()) return std::move(rest).error();
    return named;
}

/// The response that refuses, or nothing and call.principal is set.
awaitable<std::optional<HttpResponse>> authenticate(Call& call) {
    const auto token = bearer_token(call.request.headers);
    if (!token) co_return unauthenticated("send an API key: Authorization: Bearer <key>");
    const std::string hash = sha256_hex(*token);
    KeyCache& keys = call.api.keys;
    if (auto admin = keys.bootstrap(hash)) {
        call.principal = *std::move(admin);
        co_return std::nullopt;
    }
    if (!keys.find(hash) && call.out_of_reach()) co_return unauthenticated("the key is not known");
    if (!keys.find(hash)) {
        std::function<Result<std::optional<store::ApiKeyRow>>(store::Connection&)> look =
            [hash](store::Connection& connection) -> Result<std::optional<store::ApiKeyRow>> {
            return store::find_api_key_by_hash(connection, hash);
        };
        auto found = co_await call.context().store.read<std::optional<store::ApiKeyRow>>(std::move(look));
        if (!found.ok()) co_return http::problem(found.error());
        if (!*found) co_return unauthenticated("the key is not known");
        keys.learn(**found);
    }
    const store::ApiKeyRow* key = keys.find(hash);
    SPILLWAY_ASSERT(key);
    if (const auto why = refusal_of(*key, call.now())) co_return unauthenticated(*why);
    call.principal = principal_of(*key);
    if (call.out_of_reach() || !keys.due_for_touch(hash, call.now())) co_return std::nullopt;
    queue::Work touch = [id = key->id, now = call.now()](queue::Transaction& transaction) {
        store::touch_api_key(queue::sqlite::connection_of(transaction), id, now);
        return success();
    };
    // The time of last use is a convenience: a full disk must not refuse a read for its sake.
    [[maybe_unused]] auto touched = co_await call.context().store.commit(queue::CommandClass::intake, std::move(touch));
    co_return std::nullopt;
}

/// Order matters: ids of others are 404 whatever the scope, then the scope is judged.
awaitable<std::optional<HttpResponse>> authorise(Call& call) {
    auto refused = co_await authenticate(call);
    if (refused) co_return refused;
    const bool in_scope = has_word(call.route->scopes, call.principal.scope);
    if (call.route->spills && call.out_of_reach() && in_scope) {
        const auto may = check_in_memory(call);
        if (!may.ok()) co_return http::problem(may.error());
        call.unchecked = call.route->checks_in_commit;
        co_return std::nullopt;
    }
    if (call.route->checks_in_commit && in_scope) {
        call.unchecked = true;
        co_return std::nullopt;
    }
    refused = co_await load_named(call);
    if (refused) co_return refused;
    if (!in_scope)
        co_return http::problem(Error{ErrorKind::forbidden, "scope", "the key's scope does not allow this operation"});
    co_return std::nullopt;
}

std::optional<HttpResponse> check_size(const Call& call) {
    if (call.request.body.size() <= call.route->body_bytes_max) return std::nullopt;
    const std::string most = std::to_string(call.route->body_bytes_max);
    return http::problem(invalid("body_too_large", "the body may have " + most + " bytes"), 413);
}

/// Checks that need no database: the size of the body so far, the query.
std::optional<HttpResponse> check_shape(Call& call) {
    if (auto refused = check_size(call)) return refused;
    auto query = parse_form(call.request.query());
    if (!query) return http::problem(invalid("bad_query", "the query is not well-formed"));
    call.query = *std::move(query);
    if (call.route->query == "*") return std::nullopt;
    for (const auto& [name, value] : call.query)
        if (!has_word(call.route->query, name))
            return http::problem(invalid("unknown_parameter", "unknown query parameter " + name));
    return std::nullopt;
}

/// The rest of the body, for an operation that wants all of it.
awaitable<std::optional<HttpResponse>> complete_body(Call& call) {
    while (call.request.rest) {
        auto part = co_await call.request.rest->next();
        if (!part.ok()) co_return http::problem(part.error());
        if (part->empty()) call.request.rest.reset();
        call.request.body += *part;
        if (auto refused = check_size(call)) co_return refused;
    }
    co_return std::nullopt;
}

awaitable<Reply> answer(Call& call) {
    Match match = match_route(call.request.method, call.request.path());
    if (match.allow.empty()) co_return no_such("resource");
    if (!match.route) {
        HttpResponse response = http::problem(invalid("method_not_allowed", "allowed: " + match.allow), 405);
        response.headers.set("Allow", match.allow);
        co_return response;
    }
    call.route = match.route;
    call.path = std::move(match.path);
    if (!call.route->scopes.empty()) {
        auto refused = co_await authorise(call);
        if (refused) co_return *std::move(refused);
    }
    if (auto refused = check_shape(call)) co_return *std::move(refused);
    if (!call.route->reads_parts) {
        auto refused = co_await complete_body(call);
        if (refused) co_return *std::move(refused);
    }
    auto reply = co_await call.route->operation(call);
    co_return reply;
}

/// An exception is a bug of ours or of a library: caught once here, answered as one.
awaitable<Reply> answer_or_bug(Call& call) {
    std::string what;
    try {
        auto reply = co_await answer(call);
        co_return reply;
    } catch (const std::exception& exception) {
        what = exception.what();
    }
    co_return problem_reply(Error{ErrorKind::bug, "internal_error", what});
}

HttpResponse* head_of(Reply& reply) {
    if (auto* response = std::get_if<HttpResponse>(&reply)) return response;
    if (auto* streamed = std::get_if<http::StreamedResponse>(&reply)) return &streamed->head;
    return nullptr;
}

awaitable<Reply> handle(std::shared_ptr<Api> api, HttpRequest request) {
    const SteadyTime started = api->context.clock.steady_now();
    Call call(*api, std::move(request));
    call.request_id = request_id_of(call.request, api->context.random);
    auto reply = co_await answer_or_bug(call);
    HttpResponse* head = head_of(reply);
    SPILLWAY_ASSERT(head);
    head->headers.set("X-Request-Id", call.request_id);
    head->headers.set("X-Content-Type-Options", "nosniff");
    const std::string_view route = call.route ? call.route->path : "other";
    const std::string_view method = call.route ? call.route->method : "other";
    const Millis took = api->context.clock.steady_now() - started;
    api->metrics.count_request(method, route, head->status, took);
    if (api->context.log)
        api->context.log(
            {std::string(method), std::string(route), call.request_id, call.principal.id, head->status, took});
    co_return reply;
}

}  // namespace

awaitable<std::optional<HttpResponse>> load_named(Call& call) {
    if (!call.principal.partner && call.path.empty()) co_return std::nullopt;
    std::function<Result<Named>(store::Connection&)> look =
        [path = call.path, who = call.principal](store::Connection& connection) { return load(connection, path, who); };
    auto named = co_await call.context().store.read<Named>(std::move(look));
    if (!named.ok()) co_return http::problem(named.error());
    call.named = std::move(*named);
    call.unchecked = false;
    co_return std::nullopt;
}

awaitable<Reply> refuse(Call& call, Error error, int status) {
    if (call.unchecked && !call.out_of_reach()) {
        auto hidden = co_await load_named(call);
        if (hidden) co_return *std::move(hidden);
    }
    co_return problem_reply(error, status);
}

Result<void> check_in_memory(const Call& call) {
    const ConnectionId id(call.path.at("connection_id"));
    auto may = call.context().spill->directory().check(call.principal.partner, id);
    if (!may.ok() && may.error().code == "not_found") return missing("connection");
    return may;
}

Result<void> check_connection(store::Connection& connection, const Principal& principal, const ConnectionId& id) {
    if (auto partner = check_partner(connection, principal); !partner.ok()) return partner;
    const auto gist = store::get_connection_gist(connection, id);
    if (!gist || !principal.sees(gist->partner.value)) return missing("connection");
    return success();
}

bool is_good(store::Connection& connection, const Principal& principal, WallTime now) {
    constexpr std::string_view kKey = "key:";
    if (!check_partner(connection, principal).ok()) return false;
    const auto key = store::get_api_key(connection, principal.id.substr(kKey.size()));
    // The bootstrap administrator has no row.
    return !key || !refusal_of(*key, now);
}

http::Handler make_handler(ApiContext& context) {
    auto api = std::make_shared<Api>(context);
    return [api](HttpRequest request) { return handle(api, std::move(request)); };
}

}  // namespace spillway::api
