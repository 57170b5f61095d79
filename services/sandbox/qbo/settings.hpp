#pragma once
// The switches of configure(): provider facts that are disputed or undocumented, and settings of the demo companies.
// README.md lists each with its default and why it is a switch.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace spillway::sandbox::qbo {

struct Settings {
    // OAuth
    std::int64_t access_token_seconds = 3600;
    std::int64_t refresh_rotate_after_seconds = 86'400;
    std::int64_t refresh_grace_seconds = 0;
    std::int64_t refresh_token_seconds = 8'726'400;
    bool second_exchange_revokes = true;
    bool old_refresh_revokes = false;
    // requestid
    std::string requestid_repeat = "replay";  ///< replay | error_600
    std::int64_t requestid_retention_seconds = 86'400;
    bool requestid_replays_failures = true;
    // limits
    std::int64_t requests_per_minute = 500;
    std::int64_t requests_per_second = 10;
    std::int64_t batches_per_minute_app = 40;
    std::int64_t batches_per_minute = 120;
    std::int64_t batch_items_max = 30;
    std::int64_t retry_after_seconds = 0;  ///< 0: no header
    bool throttle_as_xml = true;
    std::int64_t core_plus_quota = 0;  ///< metered reads of the workspace until 429; 0: not enforced
    // books
    std::string doc_number_scope = "sales_forms";  ///< sales_forms | type
    bool doc_number_check = true;
    std::string tax_rounding = "per_rate";  ///< per_rate | per_line
    std::string inclusive_amount = "net";   ///< net | gross: Amount of a TaxInclusive line without TaxInclusiveAmt
    bool explicit_tax_honoured = true;
    std::string closed_period_code = "6210";  ///< 6210 | 6200 | 5010
    bool linking_bumps_sync_token = true;
    bool deactivated_name_free = true;
    bool payment_void_by_operation = true;
    bool name_case_matters = false;
    // queries
    std::string query_entity_case = "any";  ///< any | exact
    bool item_sku_queryable = false;
    bool payment_total_queryable = false;
    std::int64_t query_delay_seconds = 0;
    bool query_stale_sync_token = false;

    /// Sets one switch by its name. @return a problem for people, or empty.
    std::string set(const std::string& name, const nlohmann::json& value);
};

}  // namespace spillway::sandbox::qbo
