#pragma once
// Strict JSON for records. Reading accepts exactly the published JSON Schema (schema/api/record.schema.json): an
// unknown member, a wrong type, a duplicate key, a number that is no exact decimal, a bad date or currency is an error
// that names the JSON pointer. Numbers are read from their text; no amount passes through a double. Strings must be
// valid UTF-8 without control characters (line feed and tab excepted).

#include <string>
#include <string_view>

#include "schema/json_value.hpp"
#include "schema/record.hpp"
#include "schema/result.hpp"

namespace spillway {

/// Largest body of one record, in bytes (a 10,000-line document fits).
inline constexpr std::size_t kRecordBytesMax = 4u << 20;

/// Bounds of a record's JSON.
inline constexpr JsonLimits kRecordLimits{.bytes_max = kRecordBytesMax, .depth_max = 16, .values_max = 200'000};

/// Reads and checks one record (see check_record for the rules between fields). `text` is UTF-8 JSON.
/// Errors: invalid with a stable code and the pointer.
Result<Record> read_record(RecordKind kind, std::string_view text);
/// The same from a tree that was parsed already, within kRecordLimits.
Result<Record> read_record(RecordKind kind, const JsonValue& tree);

/// The canonical text: members in a fixed order, absent optionals left out, decimals in shortest form. Equal records
/// give equal texts, so the hash of it is the hash of the record.
std::string write_record(const Record& record);

}  // namespace spillway
