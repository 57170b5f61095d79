#pragma once
// XeroModel: authorisation, limits and idempotency in Xero's order, then the endpoint. Only xero_model.cpp makes one.

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "services/sandbox/provider_model.hpp"
#include "services/sandbox/xero/api.hpp"
#include "services/sandbox/xero/limits.hpp"
#include "services/sandbox/xero/memory.hpp"
#include "services/sandbox/xero/oauth.hpp"

namespace spillway::sandbox::xero {

class XeroModel final : public ProviderModel {
 public:
    explicit XeroModel(std::uint64_t seed);
    ~XeroModel() override;

    [[nodiscard]] std::string_view name() const override { return "xero"; }
    [[nodiscard]] bool owns(const HttpRequest& request) const override;
    [[nodiscard]] bool is_write(const HttpRequest& request) const override;
    HttpResponse handle(const HttpRequest& request, Now now) override;
    std::optional<HttpResponse> begin(const HttpRequest& request, Now now) override;
    void end(const HttpRequest& request) override;
    void remember(const HttpRequest& request, Now now, const HttpResponse& answer, bool applied) override;
    [[nodiscard]] nlohmann::json ledger() const override;
    void reset() override;
    std::string configure(const nlohmann::json& settings) override;

 private:
    struct Calls {
        std::int64_t total = 0, throttled = 0;
        std::map<std::string, std::int64_t> by_operation;
    };
    struct Admitted {
        Books* books = nullptr;
        std::string client_id, tenant;
    };

    HttpResponse api(const HttpRequest& request, Now now);
    /// Token, tenant and scope. The refusal, or nothing and `admitted` filled.
    std::optional<HttpResponse> authorise(const HttpRequest& request, const std::string& collection, Now now,
                                          Admitted& admitted);
    HttpResponse limited(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path, Now now);
    HttpResponse once(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path, Now now);
    HttpResponse execute(const HttpRequest& request, const Admitted& admitted, std::vector<std::string> path, Now now);
    [[nodiscard]] LimitSizes sizes_of(const std::string& client_id) const;
    [[nodiscard]] std::string tenant_key(const HttpRequest& request) const;
    [[nodiscard]] std::string memory_key(const std::string& client_id, std::string_view key) const;
    [[nodiscard]] std::string fingerprint(const HttpRequest& request) const;
    void count(const HttpRequest& request, const std::vector<std::string>& path);
    Books* tenant(const std::string& id_or_name);

    void configure_switches(const nlohmann::json& settings);
    void configure_app(const nlohmann::json& settings);
    void configure_limits(const nlohmann::json& settings);
    void configure_tenant(const std::string& id_or_name, const nlohmann::json& settings);
    void configure_grants(const nlohmann::json& settings);

    std::uint64_t seed_;
    Switches switches_;
    std::optional<int> minute_, day_, concurrent_, app_minute_;
    std::unique_ptr<Ids> ids_;
    std::unique_ptr<OAuth> oauth_;
    std::vector<std::unique_ptr<Books>> tenants_;
    Limits limits_;
    KeyMemory memory_;
    Calls calls_;
    std::map<const HttpRequest*, std::string> in_flight_;
    WallTime seen_{};  ///< the latest time that a request came with, for settings that act at once
};

}  // namespace spillway::sandbox::xero
