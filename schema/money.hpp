#pragma once
// Currencies and their minor units (ISO 4217).

#include <compare>
#include <string>
#include <string_view>

#include "schema/decimal.hpp"

namespace spillway {

/// Three upper-case letters from the ISO 4217 list of active currencies.
struct Currency {
    std::string code;

    /// Errors: invalid/`bad_currency`.
    static Result<Currency> parse(std::string_view text);
    /// Places of the minor unit: 2 for GBP, 0 for JPY, 3 for KWD.
    [[nodiscard]] int places() const;
    auto operator<=>(const Currency&) const = default;
};

}  // namespace spillway
