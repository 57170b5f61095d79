#pragma once
// Exact decimal numbers: an integer of a scaled unit, never a double. Quantities, prices, rates and amounts.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/result.hpp"

namespace spillway {

enum class Rounding {
    half_away_from_zero,  ///< 0.125 -> 0.13, -0.125 -> -0.13
    half_to_even,         ///< 0.125 -> 0.12
};

/// `units / 10^scale`, scale 0..10 as given: 2.50 has units 250 and scale 2. Equality and order are numeric (2.5
/// == 2.50).
class Decimal {
 public:
    static constexpr int kScaleMax = 10;

    constexpr Decimal() = default;
    constexpr Decimal(std::int64_t units, int scale) : units_(units), scale_(static_cast<std::int8_t>(scale)) {}

    /// Reads plain decimal text, as in JSON without an exponent: "-12.340". Exponents are read when the result is
    /// exact. Errors: invalid/`bad_decimal` (not a number), invalid/`decimal_too_precise` (more than 10 places),
    /// invalid/`decimal_too_large` (does not fit).
    static Result<Decimal> parse(std::string_view text);

    [[nodiscard]] std::int64_t units() const { return units_; }
    [[nodiscard]] int scale() const { return scale_; }
    [[nodiscard]] bool is_zero() const { return units_ == 0; }
    [[nodiscard]] bool is_negative() const { return units_ < 0; }

    /// All places as kept: "2.50".
    [[nodiscard]] std::string to_string() const;
    /// Without trailing zeros: "2.5"; "0" for zero.
    [[nodiscard]] std::string to_shortest() const;
    /// To exactly `scale` places. Exact when it has more places than now. Asserts that the result fits in 64 bits.
    [[nodiscard]] Decimal rounded(int scale, Rounding mode) const;
    /// The least scale that keeps the value.
    [[nodiscard]] Decimal shortest() const;
    [[nodiscard]] Decimal abs() const { return {units_ < 0 ? -units_ : units_, scale_}; }
    Decimal operator-() const { return {-units_, scale_}; }

    /// Sums keep the larger scale. Overflow of 64 bits asserts: callers bound their inputs (see kAmountUnitsMax).
    friend Decimal operator+(Decimal a, Decimal b);
    friend Decimal operator-(Decimal a, Decimal b);
    Decimal& operator+=(Decimal other) { return *this = *this + other; }
    Decimal& operator-=(Decimal other) { return *this = *this - other; }
    friend std::strong_ordering operator<=>(Decimal a, Decimal b);
    friend bool operator==(Decimal a, Decimal b) { return (a <=> b) == std::strong_ordering::equal; }

 private:
    std::int64_t units_ = 0;
    std::int8_t scale_ = 0;
};

/// a × b computed exactly in 128 bits, then rounded once to `scale` places.
/// Errors: invalid/`decimal_too_large`.
Result<Decimal> multiply(Decimal a, Decimal b, int scale, Rounding mode);
/// a ÷ b rounded once to `scale` places; b must not be zero. Errors: invalid/`decimal_too_large`.
Result<Decimal> divide(Decimal a, Decimal b, int scale, Rounding mode);

/// Largest amount a record may carry, in minor units times 100: keeps sums of 100,000 lines inside 64 bits.
inline constexpr std::int64_t kAmountUnitsMax = 99'999'999'999'999;

}  // namespace spillway
