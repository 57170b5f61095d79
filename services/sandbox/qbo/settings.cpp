#include "services/sandbox/qbo/settings.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>
#include <vector>

namespace spillway::sandbox::qbo {
namespace {

struct Word {
    std::string Settings::* member;
    std::vector<std::string_view> allowed;
};

struct Switch {
    std::string_view name;
    std::variant<bool Settings::*, std::int64_t Settings::*, Word> target;
};

const std::vector<Switch>& switches() {
    using S = Settings;
    static const std::vector<Switch> all{
        {"access_token_seconds", &S::access_token_seconds},
        {"refresh_rotate_after_seconds", &S::refresh_rotate_after_seconds},
        {"refresh_grace_seconds", &S::refresh_grace_seconds},
        {"refresh_token_seconds", &S::refresh_token_seconds},
        {"second_exchange_revokes", &S::second_exchange_revokes},
        {"old_refresh_revokes", &S::old_refresh_revokes},
        {"requestid_repeat", Word{&S::requestid_repeat, {"replay", "error_600"}}},
        {"requestid_retention_seconds", &S::requestid_retention_seconds},
        {"requestid_replays_failures", &S::requestid_replays_failures},
        {"requests_per_minute", &S::requests_per_minute},
        {"requests_per_second", &S::requests_per_second},
        {"batches_per_minute_app", &S::batches_per_minute_app},
        {"batches_per_minute", &S::batches_per_minute},
        {"batch_items_max", &S::batch_items_max},
        {"retry_after_seconds", &S::retry_after_seconds},
        {"throttle_as_xml", &S::throttle_as_xml},
        {"core_plus_quota", &S::core_plus_quota},
        {"doc_number_scope", Word{&S::doc_number_scope, {"sales_forms", "type"}}},
        {"doc_number_check", &S::doc_number_check},
        {"tax_rounding", Word{&S::tax_rounding, {"per_rate", "per_line"}}},
        {"inclusive_amount", Word{&S::inclusive_amount, {"net", "gross"}}},
        {"explicit_tax_honoured", &S::explicit_tax_honoured},
        {"closed_period_code", Word{&S::closed_period_code, {"6210", "6200", "5010"}}},
        {"linking_bumps_sync_token", &S::linking_bumps_sync_token},
        {"deactivated_name_free", &S::deactivated_name_free},
        {"payment_void_by_operation", &S::payment_void_by_operation},
        {"name_case_matters", &S::name_case_matters},
        {"query_entity_case", Word{&S::query_entity_case, {"any", "exact"}}},
        {"item_sku_queryable", &S::item_sku_queryable},
        {"payment_total_queryable", &S::payment_total_queryable},
        {"query_delay_seconds", &S::query_delay_seconds},
        {"query_stale_sync_token", &S::query_stale_sync_token},
    };
    return all;
}

std::string apply(Settings& settings, const Switch& one, const nlohmann::json& value) {
    const std::string name(one.name);
    if (const auto* flag = std::get_if<bool Settings::*>(&one.target)) {
        if (!value.is_boolean()) return name + " takes true or false";
        settings.*(*flag) = value.get<bool>();
        return {};
    }
    if (const auto* number = std::get_if<std::int64_t Settings::*>(&one.target)) {
        if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return name + " takes a whole number from 0";
        settings.*(*number) = value.get<std::int64_t>();
        return {};
    }
    const Word& word = std::get<Word>(one.target);
    for (const std::string_view allowed : word.allowed) {
        if (!value.is_string() || value.get<std::string>() != allowed) continue;
        settings.*word.member = allowed;
        return {};
    }
    std::string problem = name + " takes one of:";
    for (const std::string_view allowed : word.allowed) problem += " " + std::string(allowed);
    return problem;
}

}  // namespace

std::string Settings::set(const std::string& name, const nlohmann::json& value) {
    for (const Switch& one : switches()) {
        if (one.name == name) return apply(*this, one, value);
    }
    return "unknown setting " + name;
}

}  // namespace spillway::sandbox::qbo
