#include "schema/error.hpp"

#include <array>
#include <utility>

namespace spillway {
namespace {

constexpr std::array<std::pair<ErrorKind, std::string_view>, 11> kWords{{
    {ErrorKind::invalid, "invalid"},
    {ErrorKind::not_found, "not_found"},
    {ErrorKind::conflict, "conflict"},
    {ErrorKind::forbidden, "forbidden"},
    {ErrorKind::rejected, "rejected"},
    {ErrorKind::throttled, "throttled"},
    {ErrorKind::unavailable, "unavailable"},
    {ErrorKind::unauthorised, "unauthorised"},
    {ErrorKind::unknown, "unknown"},
    {ErrorKind::cancelled, "cancelled"},
    {ErrorKind::bug, "bug"},
}};

}  // namespace

std::string_view to_string(ErrorKind kind) {
    for (const auto& [value, word] : kWords)
        if (value == kind) return word;
    return "bug";
}

std::optional<ErrorKind> error_kind_from(std::string_view word) {
    for (const auto& [value, text] : kWords)
        if (text == word) return value;
    return std::nullopt;
}

}  // namespace spillway
