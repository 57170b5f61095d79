#include "services/sandbox/xero/model.hpp"

#include <algorithm>
#include <array>

#include "services/sandbox/xero/xero_model.hpp"

namespace spillway::sandbox {

std::unique_ptr<ProviderModel> make_xero_model(std::uint64_t seed) { return std::make_unique<xero::XeroModel>(seed); }

namespace xero {

namespace {

constexpr std::string_view kApi = "/api.xro/2.0/";
constexpr std::size_t kQueryMost = 2048;  // IIS answers a longer one with 404
constexpr std::size_t kBodyMost = 10u << 20;

struct Endpoint {
    std::string_view collection;
    HttpResponse (*serve)(Call&);
    std::array<std::string_view, 2> scopes;  ///< either will do; a read also takes "<scope>.read"
};

constexpr Endpoint kEndpoints[] = {
    {"Organisation", serve_organisation, {"accounting.settings", ""}},
    {"Accounts", serve_accounts, {"accounting.settings", ""}},
    {"TaxRates", serve_tax_rates, {"accounting.settings", ""}},
    {"Currencies", serve_currencies, {"accounting.settings", ""}},
    {"Contacts", serve_contacts, {"accounting.contacts", ""}},
    {"Items", serve_items, {"accounting.settings", "accounting.invoices"}},
    {"Invoices", serve_documents, {"accounting.invoices", "accounting.transactions"}},
    {"CreditNotes", serve_documents, {"accounting.invoices", "accounting.transactions"}},
    {"Payments", serve_payments, {"accounting.payments", "accounting.transactions"}},
};

const Endpoint* endpoint_of(std::string_view collection) {
    const auto at = std::ranges::find(kEndpoints, collection, &Endpoint::collection);
    return at == std::end(kEndpoints) ? nullptr : &*at;
}

bool has_scope(const Endpoint& endpoint, const std::set<std::string>& scopes, bool read, bool only_first) {
    for (const std::string_view scope : endpoint.scopes) {
        if (scope.empty()) continue;
        if (scopes.contains(std::string(scope)) || (read && scopes.contains(std::string(scope) + ".read"))) return true;
        if (only_first) return false;
    }
    return false;
}

/// The decoded parts after the version; empty where an escape is malformed.
std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    path.remove_prefix(std::min(path.size(), kApi.size()));
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        const auto part = percent_decode(path.substr(0, slash));
        if (!part) return {};
        if (!part->empty()) parts.push_back(*part);
        path.remove_prefix(std::min(path.size(), slash + 1));
    }
    return parts;
}

bool keyed(const HttpRequest& request) {
    return request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

}  // namespace

XeroModel::XeroModel(std::uint64_t seed) : seed_(seed) { reset(); }
XeroModel::~XeroModel() = default;

void XeroModel::reset() {
    ids_ = std::make_unique<Ids>(seed_);
    tenants_.clear();
    tenants_.push_back(demo_company_uk(*ids_));
    tenants_.push_back(demo_company_us(*ids_));
    switches_ = {};
    minute_ = day_ = concurrent_ = app_minute_ = std::nullopt;
    oauth_ = std::make_unique<OAuth>(*ids_, switches_);
    for (const auto& books : tenants_) oauth_->tenants.push_back({books->organisation.id, books->organisation.name});
    limits_.clear();
    memory_.clear();
    calls_ = {};
}

bool XeroModel::owns(const HttpRequest& request) const {
    const std::string_view path = request.path();
    return path.starts_with("/api.xro/") || path == "/identity/connect/authorize" || path == "/connect/token" ||
           path == "/connect/revocation" || path == "/connections" || path.starts_with("/connections/") ||
           path == "/.well-known/openid-configuration" || path == "/.well-known/openid-configuration/jwks";
}

bool XeroModel::is_write(const HttpRequest& request) const {
    return request.path().starts_with(kApi) && request.method != "GET" && request.method != "HEAD";
}

HttpResponse XeroModel::handle(const HttpRequest& request, Now now) {
    seen_ = std::max(seen_, now.wall);
    if (!request.path().starts_with("/api.xro/")) return oauth_->handle(request, now);
    return api(request, now);
}

std::optional<HttpResponse> XeroModel::begin(const HttpRequest& request, Now) {
    const std::string key = tenant_key(request);
    if (key.empty()) return std::nullopt;
    auto refusal = limits_.enter(key, sizes_of(key.substr(0, key.find('|'))));
    if (refusal) {
        count(request, parts_of(request.path()));
        ++calls_.throttled;
    } else {
        in_flight_[&request] = key;  // by address: the token may be gone when the request ends
    }
    return refusal;
}

void XeroModel::end(const HttpRequest& request) {
    const auto at = in_flight_.find(&request);
    if (at == in_flight_.end()) return;
    limits_.leave(at->second);
    in_flight_.erase(at);
}

void XeroModel::remember(const HttpRequest& request, Now now, const HttpResponse& answer, bool applied) {
    const auto key = request.headers.find("Idempotency-Key");
    const AccessToken* token = oauth_->token_of(request);
    // What a gateway answers was never seen by the API behind it; an internal error of the API is kept like any answer.
    if (!key || !keyed(request) || token == nullptr || answer.status != 500) return;
    memory_.keep(memory_key(token->client_id, *key), fingerprint(request), answer, now.steady, applied);
}

HttpResponse XeroModel::api(const HttpRequest& request, Now now) {
    if (request.query().size() > kQueryMost) return not_found();
    if (request.body.size() > kBodyMost) return json_answer(413, R"({"Title":"PayloadTooLarge","Status":413})");
    std::vector<std::string> path = parts_of(request.path());
    if (path.empty() || !request.path().starts_with(kApi)) return not_found();
    Admitted admitted;
    if (auto refusal = authorise(request, path.front(), now, admitted)) return *std::move(refusal);
    return limited(request, admitted, std::move(path), now);
}

std::optional<HttpResponse> XeroModel::authorise(const HttpRequest& request, const std::string& collection, Now now,
                                                 Admitted& admitted) {
    const AccessToken* token = oauth_->token_of(request);
    if (token == nullptr || token->revoked) return unauthorised("AuthenticationUnsuccessful", *ids_);
    if (now.wall >= token->expires)
        return unauthorised("TokenExpired: token expired at " + format_utc(token->expires).substr(0, 19), *ids_);
    admitted.client_id = token->client_id;
    admitted.tenant = request.headers.find("xero-tenant-id").value_or("");
    if (!oauth_->connected(token->client_id, admitted.tenant)) return forbidden("AuthenticationUnsuccessful", *ids_);
    admitted.books = tenant(admitted.tenant);
    const Endpoint* endpoint = endpoint_of(collection);
    const bool read = request.method == "GET";
    const bool items_strict = collection == "Items" && !read && switches_.items_need_settings;
    if (endpoint != nullptr && !has_scope(*endpoint, token->scopes, read, items_strict)) {
        HttpResponse answer = unauthorised("AuthorizationUnsuccessful", *ids_);
        answer.status = switches_.insufficient_scope_status;
        answer.headers.add("WWW-Authenticate", "insufficient_scope");
        return answer;
    }
    return std::nullopt;
}

HttpResponse XeroModel::limited(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path,
                                Now now) {
    const std::string key = admitted.client_id + "|" + admitted.tenant;
    const LimitSizes sizes = sizes_of(admitted.client_id);
    count(request, path);
    auto refusal = limits_.admit(key, sizes, switches_, now.steady);
    if (refusal) ++calls_.throttled;
    HttpResponse answer = refusal ? *std::move(refusal) : once(request, admitted, std::move(path), now);
    limits_.add_headers(answer, key, sizes, switches_, now.steady);
    answer.headers.set("Xero-Correlation-Id", ids_->guid());
    return answer;
}

HttpResponse XeroModel::once(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path,
                             Now now) {
    const auto header = request.headers.find("Idempotency-Key");
    if (!header || header->empty() || !keyed(request)) return execute(request, admitted, std::move(path), now);
    if (header->size() > kKeyLengthMax)
        return bad_request(10, "ValidationException", "Idempotency Key must not exceed 128 characters");
    const std::string key = memory_key(admitted.client_id, *header);
    const std::string print = fingerprint(request);
    if (const auto hit = memory_.find(key, print, now.steady)) {
        if (hit->same_request) return hit->answer;
        return bad_request(10, "ValidationException",
                           "Idempotency Key: " + std::string(*header) + " is used with a different request.");
    }
    HttpResponse answer = execute(request, admitted, std::move(path), now);
    const bool cached = answer.status != 503 && (answer.status != 400 || switches_.cache_validation_errors);
    if (cached) memory_.keep(key, print, answer, now.steady);
    return answer;
}

HttpResponse XeroModel::execute(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path,
                                Now now) {
    if (!admitted.books->organisation.online)
        return {503, {{"Content-Type", "text/plain"}}, "The Organisation is offline"};
    const Endpoint* endpoint = endpoint_of(path.front());
    auto query = parse_form(request.query());
    if (endpoint == nullptr || !query) return not_found();
    const auto type = request.headers.find("Content-Type");
    if (keyed(request) && type && folded(*type).find("json") == std::string::npos) return {415, {}, ""};
    Call call{request,
              std::move(path),
              *std::move(query),
              now,
              *admitted.books,
              switches_,
              *ids_,
              oauth_->apps.at(admitted.client_id).name};
    return endpoint->serve(call);
}

LimitSizes XeroModel::sizes_of(const std::string& client_id) const {
    LimitSizes sizes;
    const auto app = oauth_->apps.find(client_id);
    if (app != oauth_->apps.end() && app->second.tier == "starter") sizes.day = 1'000;
    sizes.minute = minute_.value_or(sizes.minute);
    sizes.day = day_.value_or(sizes.day);
    sizes.concurrent = concurrent_.value_or(sizes.concurrent);
    sizes.app_minute = app_minute_.value_or(sizes.app_minute);
    return sizes;
}

std::string XeroModel::tenant_key(const HttpRequest& request) const {
    if (!request.path().starts_with(kApi)) return {};
    const AccessToken* token = oauth_->token_of(request);
    const std::string tenant(request.headers.find("xero-tenant-id").value_or(""));
    if (token == nullptr || !oauth_->connected(token->client_id, tenant)) return {};
    return token->client_id + "|" + tenant;
}

std::string XeroModel::memory_key(const std::string& client_id, std::string_view key) const {
    return client_id + "|" + std::string(key);
}

std::string XeroModel::fingerprint(const HttpRequest& request) const {
    std::string print = request.method + " " + request.target + "\n" + sha256_hex(request.body);
    if (switches_.key_includes_tenant) print += "\n" + std::string(request.headers.find("xero-tenant-id").value_or(""));
    return print;
}

void XeroModel::count(const HttpRequest& request, const std::vector<std::string>& path) {
    ++calls_.total;
    if (path.empty()) return;
    std::string operation = request.method + " " + path[0];
    if (path.size() > 1) operation += path[1] == "Actions" ? "/Actions" : "/{id}";
    if (path.size() > 2) operation += "/" + path[2];
    ++calls_.by_operation[operation];
}

Books* XeroModel::tenant(const std::string& id_or_name) {
    for (const auto& books : tenants_)
        if (books->organisation.id == id_or_name || books->organisation.name == id_or_name) return books.get();
    return nullptr;
}

}  // namespace xero
}  // namespace spillway::sandbox
