#pragma once
// Heads of HTTP/1.1 messages as text, refusing what could smuggle a second message.

#include <optional>
#include <string>

#include "schema/runtime/http_message.hpp"

namespace spillway {

/// A token of RFC 9110: what a method or a field name may be.
bool is_http_token(std::string_view text);
/// Whether every name is a token and no value has a control character, so that no field can start another one.
bool safe_headers(const HttpHeaders& headers);
/// Whether a request target is in origin form, printable and without a space.
bool safe_target(std::string_view target);
/// Appends "Name: value\r\n" for every field but those that the sender of a message sets itself (Content-Length,
/// Transfer-Encoding, Connection, Host).
void append_headers(std::string& out, const HttpHeaders& headers);

}  // namespace spillway
