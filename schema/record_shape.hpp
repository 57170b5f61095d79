#pragma once
// The members of every JSON object inside a record, as data: the strict reader checks against these tables, and a test
// holds the published JSON Schema (schema/api/record.schema.json) to them.

#include <cstddef>
#include <span>
#include <string_view>

#include "schema/record.hpp"

namespace spillway {

/// The objects that records are made of; each is a definition of that name in the JSON Schema.
enum class Shape { contact, item, invoice, credit_note, payment, address, line, application };
std::string_view to_string(Shape shape);
Shape shape_of(RecordKind kind);

enum class MemberType {
    text,          ///< `min`..`max` characters, no control characters but line feed and tab
    decimal,       ///< a number, or a string of plain decimal text, of up to 10 places
    date,          ///< "2010-12-01"
    currency,      ///< "GBP"
    country,       ///< two upper-case letters
    boolean,       ///< true, false
    version,       ///< a whole number from 0
    amounts,       ///< exclusive, inclusive, none
    address,       ///< an object
    texts,         ///< `min`..`max` texts of 1..kAddressLineMax characters
    lines,         ///< `min`..`max` line objects
    applications,  ///< `min`..`max` application objects
};

inline constexpr std::size_t kExternalIdMax = 128;
inline constexpr std::size_t kAddressLineMax = 500;
inline constexpr std::size_t kLinesMax = 10'000;
inline constexpr std::size_t kApplicationsMax = 1'000;

struct Member {
    std::string_view name;
    MemberType type;
    bool required = false;
    std::size_t min = 0;  ///< characters or elements; of types that have a length
    std::size_t max = 0;
};

/// All members of a shape, each name once. `tax_total` is required too unless `amounts` is none (the reader sees to
/// it).
std::span<const Member> members_of(Shape shape);
/// Null pointer when the shape has no such member.
const Member* member_of(Shape shape, std::string_view name);

}  // namespace spillway
