#include "schema/sha256.hpp"
#include "services/api/answers.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"

namespace spillway::api {
namespace {

HttpResponse key_response(int status, const store::ApiKeyRow& key, std::string_view secret = {}) {
    JsonText json;
    json.object();
    write_key(json, key);
    if (!secret.empty()) json.member("secret", secret);
    json.close();
    HttpResponse response = json_response(status, std::move(json).take());
    if (!secret.empty()) response.headers.set("Cache-Control", "no-store");
    return response;
}

std::string new_secret(Random& random) { return "spk_" + random.hex128() + random.hex128(); }

Error beyond_scope() {
    return {ErrorKind::forbidden, "scope", "a platform key manages partner and read_only keys only"};
}

/// Only administrators handle keys that reach further than a platform's own.
bool may_manage(const Principal& principal, std::string_view scope) {
    return principal.scope == "admin" || scope == "partner" || scope == "read_only";
}

Result<store::ApiKeyRow> read_new_key(const Call& call) {
    const auto body = read_object_body(call, {"name", "scope", "partner_id", "expires_at"});
    if (!body.ok()) return body.error();
    auto name = required_text(*body, "name", 200);
    if (!name.ok()) return std::move(name).error();
    auto scope = required_text(*body, "scope", 20);
    if (!scope.ok()) return std::move(scope).error();
    if (*scope != "platform" && *scope != "partner" && *scope != "read_only" && *scope != "admin")
        return invalid("bad_scope", "must be platform, partner, read_only or admin", "/scope");
    auto partner = optional_text(*body, "partner_id", 128);
    if (!partner.ok()) return std::move(partner).error();
    if (*scope == "partner" && !*partner)
        return invalid("missing_member", "a partner's key names its partner", "/partner_id");
    const bool global = *scope == "platform" || *scope == "admin";
    if (global && *partner) return invalid("bad_partner", "a key of this scope belongs to no partner", "/partner_id");
    const auto expires_text = optional_text(*body, "expires_at", 40);
    if (!expires_text.ok()) return expires_text.error();
    store::ApiKeyRow key;
    if (*expires_text) {
        const auto expires = parse_utc(**expires_text);
        if (!expires.ok() || *expires <= call.now())
            return invalid("bad_time", "must be a time in the future", "/expires_at");
        key.expires = *expires;
    }
    key.id = "key_" + call.context().random.hex128();
    key.scope = *scope;
    key.partner = *partner;
    key.name = *name;
    key.created = call.now();
    return key;
}

}  // namespace

awaitable<Reply> list_keys(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    using Rows = std::vector<store::ApiKeyRow>;
    std::function<Result<Rows>(store::Connection&)> look = [page = *page](store::Connection& connection) {
        return Result<Rows>(store::list_api_keys(connection, page.after, page.limit + 1));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(
        *rows, page->limit,
        [](JsonText& json, const store::ApiKeyRow& row) {
            json.object();
            write_key(json, row);
            json.close();
        },
        [](const store::ApiKeyRow& row) { return row.id; });
}

awaitable<Reply> create_key(Call& call) {
    auto key = read_new_key(call);
    if (!key.ok()) co_return problem_reply(key.error());
    if (!may_manage(call.principal, key->scope)) co_return problem_reply(beyond_scope());
    const std::string secret = new_secret(call.context().random);
    key->hash = sha256_hex(secret);
    queue::Work work = [key = *key](queue::Transaction& transaction) -> Result<void> {
        auto& connection = queue::sqlite::connection_of(transaction);
        if (key.partner && !store::get_partner(connection, PartnerId(*key.partner)))
            return Error{ErrorKind::not_found, "not_found", "there is no such partner"};
        store::insert_api_key(connection, key);
        return success();
    };
    auto made = co_await call.context().store.commit(queue::CommandClass::intake, std::move(work));
    if (!made.ok()) co_return problem_reply(made.error());
    call.api.keys.put(*key);
    co_return key_response(201, *key, secret);
}

awaitable<Reply> revoke_key(Call& call) {
    store::ApiKeyRow key = *call.named.key;
    if (!may_manage(call.principal, key.scope)) co_return problem_reply(beyond_scope());
    queue::Work work = [id = key.id, now = call.now()](queue::Transaction& transaction) -> Result<void> {
        if (!store::revoke_api_key(queue::sqlite::connection_of(transaction), id, now))
            return Error{ErrorKind::conflict, "revoked", "the key is revoked already"};
        return success();
    };
    auto revoked = co_await call.context().store.commit(queue::CommandClass::settle, std::move(work));
    if (!revoked.ok()) co_return problem_reply(revoked.error());
    key.revoked = call.now();
    call.api.keys.put(key);
    co_return key_response(200, key);
}

awaitable<Reply> rotate_key(Call& call) {
    constexpr std::int64_t kOverlapMax = 30 * 24 * 3600;
    const auto body = read_object_body(call, {"overlap_seconds"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    std::int64_t overlap = 24 * 3600;
    if (const JsonValue* given = body->find("overlap_seconds")) {
        const auto seconds = given->as_int64();
        if (!given->is_number() || !seconds.ok() || *seconds < 0 || *seconds > kOverlapMax)
            co_return problem_reply(invalid("bad_overlap", "must be 0 to 2592000", "/overlap_seconds"));
        overlap = *seconds;
    }
    const store::ApiKeyRow old = *call.named.key;
    if (!may_manage(call.principal, old.scope)) co_return problem_reply(beyond_scope());
    if (refusal_of(old, call.now()))
        co_return problem_reply(Error{ErrorKind::conflict, "ended", "the key has ended: make a new one"});
    const std::string secret = new_secret(call.context().random);
    store::ApiKeyRow next = old;
    next.id = "key_" + call.context().random.hex128();
    next.hash = sha256_hex(secret);
    next.created = call.now();
    next.last_used.reset();
    if (old.expires) next.expires = call.now() + (*old.expires - old.created);  // the same span of life again
    queue::Work work = [next, id = old.id,
                        end = call.now() + std::chrono::seconds(overlap)](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::expire_api_key(connection, id, end);
        store::insert_api_key(connection, next);
        return success();
    };
    auto rotated = co_await call.context().store.commit(queue::CommandClass::intake, std::move(work));
    if (!rotated.ok()) co_return problem_reply(rotated.error());
    store::ApiKeyRow ending = old;
    ending.expires = std::min(old.expires.value_or(call.now() + std::chrono::seconds(overlap)),
                              call.now() + std::chrono::seconds(overlap));
    call.api.keys.put(ending);
    call.api.keys.put(next);
    co_return key_response(201, next, secret);
}

}  // namespace spillway::api
