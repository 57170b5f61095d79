#include "services/sandbox/qbo/qbo_model.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "schema/json_value.hpp"
#include "services/sandbox/qbo/api.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/ledger.hpp"
#include "services/sandbox/qbo/limits.hpp"
#include "services/sandbox/qbo/oauth.hpp"
#include "services/sandbox/qbo/seed.hpp"

namespace spillway::sandbox {
namespace qbo {
namespace {

/// What was asked of the API, for the ledger. OAuth requests are counted by operation but not in the total.
struct Calls {
    std::int64_t total = 0, throttled = 0, core_plus = 0;
    std::map<std::string, std::int64_t> by_operation;
    std::map<std::string, std::int64_t> by_batch;  ///< batches by what they carried: "CreditMemo+Invoice"
};

/// The entities of a batch's elements, each once, in the order of the alphabet.
std::string entities_of(std::string_view body) {
    std::set<std::string> names;
    if (const Result<JsonValue> batch = parse_json(body); batch.ok())
        for (const JsonValue& item : (*batch)["BatchItemRequest"].items())
            for (const JsonMember& member : item.members())
                if (member.value.is_object() || member.name == "Query") names.insert(member.name);
    std::string joined;
    for (const std::string& name : names) joined += (joined.empty() ? "" : "+") + name;
    return joined;
}

class QboModel final : public ProviderModel {
 public:
    explicit QboModel(std::uint64_t seed) : seed_(seed), oauth_(settings_, seed), tids_(seed + 1) { QboModel::reset(); }

    [[nodiscard]] std::string_view name() const override { return "qbo"; }
    [[nodiscard]] bool owns(const HttpRequest& request) const override {
        return request.path().starts_with("/v3/company/") || OAuth::owns(request.path());
    }
    [[nodiscard]] bool is_write(const HttpRequest& request) const override;
    HttpResponse handle(const HttpRequest& request, Now now) override;
    [[nodiscard]] nlohmann::json ledger() const override;
    void reset() override;
    std::string configure(const nlohmann::json& settings) override;

 private:
    HttpResponse play(const HttpRequest& request, Now now);
    HttpResponse play_api(const HttpRequest& request, Now now);
    std::string configure_one(const std::string& name, const nlohmann::json& value);
    std::string configure_company(const std::string& realm, const nlohmann::json& value);
    Company* company(const std::string& realm);
    std::string tid();

    std::uint64_t seed_;
    Settings settings_;
    OAuth oauth_;
    SeededRandom tids_;
    Limits limits_;
    std::vector<Company> companies_;
    Calls calls_;
};

void QboModel::reset() {
    oauth_.reset();
    tids_ = SeededRandom(seed_ + 1);
    limits_.clear();
    calls_ = {};
    companies_.clear();
    companies_.push_back(uk_company());
    companies_.push_back(us_company());
}

Company* QboModel::company(const std::string& realm) {
    const auto found = std::ranges::find(companies_, realm, &Company::realm);
    return found == companies_.end() ? nullptr : &*found;
}

/// As Intuit's: "1-65a7c3f2-0123456789abcdef01234567".
std::string QboModel::tid() {
    const std::string digits = tids_.hex128();
    return "1-" + digits.substr(0, 8) + "-" + digits.substr(8);
}

bool QboModel::is_write(const HttpRequest& request) const {
    if (request.method != "POST" || !request.path().starts_with("/v3/company/")) return false;
    const ApiCall call = api_call(request);
    if (call.resource == "query") return false;
    // A batch of queries alone changes nothing; only writes have an operation.
    return call.resource != "batch" || request.body.find("\"operation\"") != std::string::npos;
}

HttpResponse QboModel::handle(const HttpRequest& request, Now now) {
    HttpResponse response = play(request, now);
    response.headers.set("intuit_tid", tid());
    return response;
}

HttpResponse QboModel::play(const HttpRequest& request, Now now) {
    if (!OAuth::owns(request.path())) return play_api(request, now);
    ++calls_.by_operation[request.method + " " + std::string(request.path())];
    std::vector<std::pair<std::string, std::string>> names;
    for (const Company& one : companies_) names.emplace_back(one.realm, one.name);
    return oauth_.handle(request, now, names);
}

HttpResponse QboModel::play_api(const HttpRequest& request, Now now) {
    const ApiCall call = api_call(request);
    ++calls_.total;
    ++calls_.by_operation[call.operation()];
    if (call.resource == "batch") ++calls_.by_batch[entities_of(request.body)];
    const auto bearer = oauth_.bearer(request, now.wall);
    if (!bearer) return gateway_fault(401, "AuthenticationFailed", "Token expired, revoked or unknown", now.wall);
    Company* target = company(call.realm);
    if (target == nullptr || bearer->realm != call.realm)
        return gateway_fault(403, "ApplicationAuthorizationFailed", "The app has no right to this company", now.wall);
    const bool quota_used =
        call.is_read() && settings_.core_plus_quota > 0 && calls_.core_plus >= settings_.core_plus_quota;
    if (quota_used || !limits_.admit(call.realm, bearer->client_id, call.resource == "batch", now.steady, settings_)) {
        ++calls_.throttled;
        return throttled_fault(settings_.throttle_as_xml, static_cast<int>(settings_.retry_after_seconds), now.wall);
    }
    HttpResponse response = answer_call({*target, settings_, now.wall}, call);
    if (call.is_read() && response.status == 200) ++calls_.core_plus;
    response.headers.set("QBO-Version", "1988.0");
    return response;
}

nlohmann::json QboModel::ledger() const {
    nlohmann::json tenants = nlohmann::json::array();
    for (const Company& one : companies_) tenants.push_back(tenant_json(one));
    return {{"provider", "qbo"},
            {"tenants", std::move(tenants)},
            {"calls",
             {{"total", calls_.total},
              {"throttled", calls_.throttled},
              {"core_plus", calls_.core_plus},
              {"by_operation", calls_.by_operation},
              {"by_batch", calls_.by_batch}}}};
}

std::string QboModel::configure(const nlohmann::json& settings) {
    if (!settings.is_object()) return "settings are an object";
    for (const auto& [name, value] : settings.items()) {
        std::string problem = configure_one(name, value);
        if (!problem.empty()) return problem;
    }
    return {};
}

std::string QboModel::configure_one(const std::string& name, const nlohmann::json& value) {
    if (name == "revoke_tokens" || name == "expire_access_tokens") {
        if (!value.is_string() || company(value.get<std::string>()) == nullptr) return name + " takes a realm id";
        if (name == "revoke_tokens")
            oauth_.revoke_realm(value.get<std::string>());
        else
            oauth_.expire_access_tokens(value.get<std::string>());
        return {};
    }
    if (name == "apps") {
        if (!value.is_object()) return "apps takes an object of client id and secret";
        for (const auto& [id, secret] : value.items()) {
            if (!secret.is_string()) return "the secret of app " + id + " is no text";
            oauth_.add_app(id, secret.get<std::string>());
        }
        return {};
    }
    if (name != "companies") return settings_.set(name, value);
    if (!value.is_object()) return "companies takes an object of realm id and settings";
    for (const auto& [realm, settings] : value.items()) {
        std::string problem = configure_company(realm, settings);
        if (!problem.empty()) return problem;
    }
    return {};
}

std::string QboModel::configure_company(const std::string& realm, const nlohmann::json& value) {
    Company* target = company(realm);
    if (target == nullptr || !value.is_object()) return "no company " + realm + ", or its settings are no object";
    for (const auto& [name, setting] : value.items()) {
        if (name == "book_close_date" && setting.is_null()) {
            target->book_close_date.reset();
        } else if (name == "book_close_date" && setting.is_string() && Date::parse(setting.get<std::string>()).ok()) {
            target->book_close_date = Date::parse(setting.get<std::string>()).value();
        } else if (name == "multi_currency" && setting.is_boolean()) {
            target->multi_currency = setting.get<bool>();
        } else if (name == "custom_txn_numbers" && setting.is_boolean()) {
            target->custom_txn_numbers = setting.get<bool>();
        } else if (name == "lapsed_plan_answers_200" && setting.is_boolean()) {
            target->lapsed_plan_answers_200 = setting.get<bool>();
        } else if (name == "subscription_status" && setting.is_string()) {
            target->subscription_status = setting.get<std::string>();
        } else {
            return "unknown company setting " + name + ", or not of its type";
        }
    }
    return {};
}

}  // namespace
}  // namespace qbo

std::unique_ptr<ProviderModel> make_qbo_model(std::uint64_t seed) { return std::make_unique<qbo::QboModel>(seed); }

}  // namespace spillway::sandbox
