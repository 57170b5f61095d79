#pragma once
// The query language: SELECT * | count(*) FROM Entity [WHERE a AND b] [ORDERBY x] [STARTPOSITION n] [MAXRESULTS m].

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {

enum class Operator { equal, in, less, greater, less_equal, greater_equal, like };

struct Condition {
    std::string property;
    Operator op = Operator::equal;
    std::vector<std::string> values;
};

struct Order {
    std::string property;
    bool descending = false;
};

struct Query {
    bool count = false;
    std::string entity;
    std::vector<Condition> conditions;
    std::vector<Order> orders;
    std::int64_t start_position = 1;  ///< from 1
    std::int64_t max_results = 100;   ///< 1..1000
};

/// Errors: 4000 (cannot be parsed), 4001 (a position or page size out of range).
Query parse_query(std::string_view text);

/// The value of "QueryResponse". Errors: those of parse_query, 4001 for what cannot be filtered by.
std::string run_query(const Scene& scene, std::string_view text);

/// "CompanyInfo" and "Preferences", which have one row each and are not kept as objects.
std::string company_info_json(const Company& company);
std::string preferences_json(const Company& company);

}  // namespace spillway::sandbox::qbo
