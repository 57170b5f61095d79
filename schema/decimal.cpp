#include "schema/decimal.hpp"

#include <algorithm>
#include <limits>

#include "schema/assert.hpp"

namespace spillway {
namespace {

__extension__ typedef __int128 Wide;

constexpr std::int64_t kUnitsMax = std::numeric_limits<std::int64_t>::max();
constexpr Wide kWideMax = static_cast<Wide>(~static_cast<unsigned __int128>(0) >> 1);
/// Beyond it an exponent only decides between zero and too large; keeps the arithmetic on exponents in range.
constexpr std::int64_t kExponentMax = 1'000'000'000;

constexpr Wide power_of_ten(int exponent) {
    Wide value = 1;
    for (int i = 0; i < exponent; ++i) value *= 10;
    return value;
}

bool fits(Wide units) { return units >= -kUnitsMax && units <= kUnitsMax; }

/// numerator ÷ denominator to a whole number; denominator > 0 and at most half of what a Wide holds.
Wide divide_rounded(Wide numerator, Wide denominator, Rounding mode) {
    const bool negative = numerator < 0;
    const Wide size = negative ? -numerator : numerator;
    Wide quotient = size / denominator;
    const Wide doubled = size % denominator * 2;
    const bool up =
        mode == Rounding::half_to_even && doubled == denominator ? quotient % 2 != 0 : doubled >= denominator;
    if (up) ++quotient;
    return negative ? -quotient : quotient;
}

Result<Decimal> checked(Wide units, int scale) {
    if (!fits(units)) return invalid("decimal_too_large", "the number does not fit");
    return Decimal(static_cast<std::int64_t>(units), scale);
}

/// A number's text taken apart: digits without the point, and the power of ten of the last digit.
struct Parts {
    bool negative = false;
    std::string digits;
    std::int64_t exponent = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Moves the digits at the front of `text` to `out`; false when there are none.
bool take_digits(std::string_view& text, std::string& out) {
    std::size_t count = 0;
    while (count < text.size() && is_digit(text[count])) ++count;
    out.append(text.substr(0, count));
    text.remove_prefix(count);
    return count > 0;
}

bool take_exponent(std::string_view& text, std::int64_t& exponent) {
    text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    std::string digits;
    if (!take_digits(text, digits)) return false;
    for (const char digit : digits) exponent = std::min(exponent * 10 + (digit - '0'), kExponentMax);
    if (negative) exponent = -exponent;
    return true;
}

/// JSON's grammar of numbers; false for anything else.
bool take_apart(std::string_view text, Parts& parts) {
    parts.negative = text.starts_with('-');
    if (parts.negative) text.remove_prefix(1);
    const bool leading_zero = text.starts_with('0');
    if (!take_digits(text, parts.digits)) return false;
    if (leading_zero && parts.digits.size() > 1) return false;
    const std::size_t whole = parts.digits.size();
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (!take_digits(text, parts.digits)) return false;
    }
    if (!text.empty() && (text.front() == 'e' || text.front() == 'E') && !take_exponent(text, parts.exponent))
        return false;
    parts.exponent -= static_cast<std::int64_t>(parts.digits.size() - whole);
    parts.digits.erase(0, std::min(parts.digits.find_first_not_of('0'), parts.digits.size()));
    return text.empty();
}

constexpr std::size_t kDigitsMax = 19;  // of the largest 64-bit integer

}  // namespace

Result<Decimal> Decimal::parse(std::string_view text) {
    Parts parts;
    if (!take_apart(text, parts)) return invalid("bad_decimal", "not a decimal number");
    std::string& digits = parts.digits;
    if (digits.empty()) return Decimal(0, static_cast<int>(std::clamp<std::int64_t>(-parts.exponent, 0, kScaleMax)));
    // Trailing zeros after the point are kept where there is room and dropped where there is not: the value stays
    // exact.
    while (digits.back() == '0' && parts.exponent < 0 && (parts.exponent < -kScaleMax || digits.size() >= kDigitsMax)) {
        digits.pop_back();
        ++parts.exponent;
    }
    if (parts.exponent < -kScaleMax) return invalid("decimal_too_precise", "more than 10 decimal places");
    if (digits.size() > kDigitsMax || parts.exponent > static_cast<std::int64_t>(kDigitsMax))
        return invalid("decimal_too_large", "the number does not fit");
    Wide units = 0;
    for (const char digit : digits) units = units * 10 + (digit - '0');
    for (; parts.exponent > 0; --parts.exponent) units *= 10;
    return checked(parts.negative ? -units : units, static_cast<int>(-parts.exponent));
}

std::string Decimal::to_string() const {
    const auto size = units_ < 0 ? 0 - static_cast<std::uint64_t>(units_) : static_cast<std::uint64_t>(units_);
    std::string text = std::to_string(size);
    const auto places = static_cast<std::size_t>(scale_);
    if (places > 0) {
        if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
        text.insert(text.size() - places, 1, '.');
    }
    if (units_ < 0) text.insert(0, 1, '-');
    return text;
}

std::string Decimal::to_shortest() const { return shortest().to_string(); }

Decimal Decimal::rounded(int scale, Rounding mode) const {
    SPILLWAY_ASSERT(scale >= 0 && scale <= kScaleMax);
    const Wide units = scale >= scale_ ? units_ * power_of_ten(scale - scale_)
                                       : divide_rounded(units_, power_of_ten(scale_ - scale), mode);
    SPILLWAY_ASSERT(fits(units));
    return {static_cast<std::int64_t>(units), scale};
}

Decimal Decimal::shortest() const {
    Decimal result = *this;
    while (result.scale_ > 0 && result.units_ % 10 == 0) {
        result.units_ /= 10;
        --result.scale_;
    }
    return result;
}

Decimal operator+(Decimal a, Decimal b) {
    const int scale = std::max(a.scale_, b.scale_);
    const Wide sum = a.units_ * power_of_ten(scale - a.scale_) + b.units_ * power_of_ten(scale - b.scale_);
    SPILLWAY_ASSERT(fits(sum));
    return {static_cast<std::int64_t>(sum), scale};
}

Decimal operator-(Decimal a, Decimal b) { return a + -b; }

std::strong_ordering operator<=>(Decimal a, Decimal b) {
    const int scale = std::max(a.scale_, b.scale_);
    return a.units_ * power_of_ten(scale - a.scale_) <=> b.units_ * power_of_ten(scale - b.scale_);
}

Result<Decimal> multiply(Decimal a, Decimal b, int scale, Rounding mode) {
    SPILLWAY_ASSERT(scale >= 0 && scale <= Decimal::kScaleMax);
    const Wide product = static_cast<Wide>(a.units()) * b.units();
    const int places = a.scale() + b.scale();
    if (scale <= places) return checked(divide_rounded(product, power_of_ten(places - scale), mode), scale);
    // A product too wide to be scaled up does not fit in 64 bits either.
    const Wide factor = power_of_ten(scale - places);
    if (product > kWideMax / factor || product < -(kWideMax / factor)) return checked(kWideMax, scale);
    return checked(product * factor, scale);
}

Result<Decimal> divide(Decimal a, Decimal b, int scale, Rounding mode) {
    SPILLWAY_ASSERT(scale >= 0 && scale <= Decimal::kScaleMax);
    SPILLWAY_ASSERT(!b.is_zero());
    Wide numerator = a.units();
    Wide denominator = b.units();
    if (denominator < 0) {
        numerator = -numerator;
        denominator = -denominator;
    }
    const int shift = scale + b.scale() - a.scale();
    if (shift < 0) return checked(divide_rounded(numerator, denominator * power_of_ten(-shift), mode), scale);
    // Past this bound the quotient exceeds 64 bits, since the divisor does not.
    const Wide factor = power_of_ten(shift);
    if (numerator > kWideMax / factor || numerator < -(kWideMax / factor)) return checked(kWideMax, scale);
    return checked(divide_rounded(numerator * factor, denominator, mode), scale);
}

}  // namespace spillway
