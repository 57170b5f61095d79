#pragma once
// HTTP messages as plain values. Only the one server session and the one client instantiate Beast; all others see
// these.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spillway {

/// Header fields in order; names compare without regard to case.
class HttpHeaders {
 public:
    HttpHeaders() = default;
    HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

    void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
    /// Replaces every field of that name.
    void set(std::string_view name, std::string value);
    /// The first value of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    [[nodiscard]] auto begin() const { return fields_.begin(); }
    [[nodiscard]] auto end() const { return fields_.end(); }

 private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

class BodyRest;

struct HttpRequest {
    std::string method = "GET";
    std::string target = "/";  ///< origin form, percent-encoded, with the query: "/v1/jobs?state=parked"
    HttpHeaders headers{};
    std::string body{};
    std::shared_ptr<BodyRest> rest{};  ///< of a body that is still on its way (services/http/server.hpp); mostly null

    /// The target without the query.
    [[nodiscard]] std::string_view path() const;
    /// The query without "?"; empty when there is none.
    [[nodiscard]] std::string_view query() const;
};

struct HttpResponse {
    int status = 200;
    HttpHeaders headers{};
    std::string body{};
};

/// Percent-decodes; nothing for malformed escapes. '+' becomes a space only with `plus_is_space` (forms and queries).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
/// Encodes all but unreserved characters (RFC 3986 section 2.3).
std::string percent_encode(std::string_view text);
/// Decodes "a=1&b=2" into pairs in order; nothing for malformed escapes.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);
/// The first value of `name` in a list of pairs.
std::optional<std::string> form_value(const std::vector<std::pair<std::string, std::string>>& form,
                                      std::string_view name);
/// The inverse of parse_form.
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& form);

}  // namespace spillway
