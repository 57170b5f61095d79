#pragma once
// One request on its way through the API, and what every handler is given.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/json_value.hpp"
#include "services/api/api.hpp"
#include "services/api/key_cache.hpp"
#include "services/api/metrics.hpp"
#include "services/store/connections.hpp"
#include "services/store/partners.hpp"
#include "services/store/replays.hpp"
#include "services/store/syncs.hpp"

namespace spillway::api {

using boost::asio::awaitable;
using http::Reply;

/// What the handlers share between requests.
struct Api {
    explicit Api(ApiContext& ctx) : context(ctx), keys(ctx.settings.admin_key_hash) {
        if (!ctx.spill) return;
        for (const store::ApiKeyRow& key : ctx.spill->keys()) keys.put(key);
    }
    ApiContext& context;
    KeyCache keys;
    Metrics metrics;
    std::map<std::string, int> watchers;  ///< open event streams by principal
    std::set<std::string> in_work;        ///< idempotency keys whose first request is not answered yet
};

/// The things that a path names, loaded and found visible to the caller before the handler runs.
struct Named {
    std::optional<store::PartnerRow> partner;
    std::optional<store::ConnectionRow> connection;
    std::optional<store::SyncRow> sync;
    std::optional<queue::Job> job;
    std::optional<store::ReplayRow> replay;
    std::optional<store::ApiKeyRow> key;
    std::optional<webhooks::WebhookRow> webhook;
    std::optional<webhooks::DeliveryRow> delivery;
};

struct Route;

struct Call {
    Call(Api& shared, HttpRequest received) : api(shared), request(std::move(received)) {}

    Api& api;
    HttpRequest request;
    const Route* route = nullptr;
    std::string request_id;
    Principal principal;
    std::unordered_map<std::string, std::string> path;  ///< decoded parameters of the template
    std::vector<std::pair<std::string, std::string>> query;
    Named named;
    bool unchecked = false;  ///< the path's connection is yet to be checked, in the commit

    [[nodiscard]] ApiContext& context() const { return api.context; }
    /// The store cannot be asked to write, so who may do what is known from memory.
    [[nodiscard]] bool out_of_reach() const { return api.context.spill && api.context.spill->out_of_reach(); }
    [[nodiscard]] WallTime now() const { return api.context.clock.wall_now(); }
    /// A query parameter; an empty one counts as absent.
    [[nodiscard]] std::optional<std::string> argument(std::string_view name) const;
};

using Operation = awaitable<Reply> (*)(Call&);

/// One operation: a row of the route table.
struct Route {
    std::string_view method, path;  ///< path: the template, as in openapi.json
    std::string_view scopes;        ///< words with spaces between; empty: no key needed
    std::string_view query;         ///< query parameters that it takes
    std::size_t body_bytes_max = 0;
    Operation operation = nullptr;
    /// The path's connection is checked in the operation's own transaction: no read goes before it. The operation calls
    /// refuse() for whatever it refuses by itself.
    bool checks_in_commit = false;
    /// Goes on while the store is out of reach: the path's connection is then checked against memory.
    bool spills = false;
    /// Takes a large body in while it comes (HttpRequest::rest). All others are given the whole of it.
    bool reads_parts = false;
};

/// Loads what the path names; afterwards call.named is set. @return the refusal when the caller may not see it.
awaitable<std::optional<HttpResponse>> load_named(Call& call);
/// The answer to a request that is refused for `error`. What the caller may not see comes first: an id of another
/// partner is 404 whatever else is wrong.
awaitable<Reply> refuse(Call& call, Error error, int status = 0);
/// Whether the caller may submit to the path's connection, from memory. Errors: those of load_named, and
/// conflict/`disconnected`.
Result<void> check_in_memory(const Call& call);
/// For checks_in_commit, inside the transaction. Errors: as those of load_named.
Result<void> check_connection(store::Connection& connection, const Principal& principal, const ConnectionId& id);

/// Whether the principal's key still is what it was, and its partner active.
bool is_good(store::Connection& connection, const Principal& principal, WallTime now);

HttpResponse json_response(int status, std::string body);
HttpResponse no_such(std::string_view what);
Reply problem_reply(const Error& error, int status = 0);

/// Body of a request as an object with no members but `known`. An absent body is an empty object where `may_be_absent`.
/// Errors: invalid with pointer.
Result<JsonValue> read_object_body(const Call& call, std::initializer_list<std::string_view> known,
                                   bool may_be_absent = false);
/// A string member of 1..`characters_max` characters. Errors: invalid with pointer.
Result<std::string> required_text(const JsonValue& body, std::string_view name, std::size_t characters_max);
/// As above; nothing where it is absent.
Result<std::optional<std::string>> optional_text(const JsonValue& body, std::string_view name,
                                                 std::size_t characters_max);

}  // namespace spillway::api
