#pragma once
// A string that must not be seen: it formats as "***" and gives its bytes only by a named call.

#include <string>
#include <utility>

namespace spillway {

class Secret {
 public:
    Secret() = default;
    explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}

    /// The bytes themselves: for the request or the cipher that needs them, never for a log, an answer or a message.
    [[nodiscard]] const std::string& reveal() const { return bytes_; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
    std::string bytes_;
};

/// What every formatter writes in a secret's place.
inline constexpr const char* kSecretMask = "***";

/// Any stream, so that neither a message nor a test's failure text prints the bytes.
template <class Stream>
Stream& operator<<(Stream& out, const Secret&) {
    out << kSecretMask;
    return out;
}

}  // namespace spillway
