#pragma once
// Reading: `where` expressions, If-Modified-Since, order, pages. The sandbox plays comparisons joined by AND and OR
// (no parentheses, no .Contains() and the like: those answer 400, as an expression that Xero cannot read).

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/sandbox/xero/api.hpp"

namespace spillway::sandbox::xero {

/// What a field holds; monostate: no such field.
using Value = std::variant<std::monostate, std::string, Decimal, WallTime, bool>;

class Where {
 public:
    struct Term {
        std::string field, op;
        Value value;
    };
    using Field = std::function<Value(std::string_view)>;

    /// Nothing where the expression cannot be read.
    static std::optional<Where> parse(std::string_view text);
    [[nodiscard]] bool matches(const Field& field) const;
    /// The text that `field` must equal, where all alternatives are one; for look-ups by index.
    [[nodiscard]] std::optional<std::string> equals(std::string_view field) const;
    [[nodiscard]] const std::vector<std::vector<Term>>& alternatives() const { return any_; }

 private:
    std::vector<std::vector<Term>> any_;  // OR of ANDs
};

struct ListSource {
    std::string_view collection;
    bool paged = false;
    std::vector<const Row*> rows{};  ///< candidates, already narrowed by the list's own filters and indexes
    std::function<Value(const Row&, std::string_view)> field{};
    std::function<void(JsonText&, const Row&, bool full)> write{};  ///< members, into an open object
};

/// Nothing when there is no `where`; an expression that matches nothing known gives nothing and sets `bad`.
std::optional<Where> where_of(const Call& call, bool& bad);
/// 400 for a `where` that cannot be read.
HttpResponse bad_where();
HttpResponse list_answer(Call& call, ListSource& source);
/// GET /X/{id}
HttpResponse single_answer(Call& call, const ListSource& source, const Row& row);
/// The parts of "a,b,c".
std::vector<std::string> comma_list(const std::optional<std::string>& text);

}  // namespace spillway::sandbox::xero
