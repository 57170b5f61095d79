#include "services/webhooks/signature.hpp"

#include "schema/sha256.hpp"

namespace spillway::webhooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr int kKeyWords = 4;

}  // namespace

Secret new_signing_secret(Random& random) {
    std::string bytes;
    for (int i = 0; i < kKeyWords; ++i)
        for (std::uint64_t word = random.next(), left = sizeof word; left > 0; --left, word >>= 8)
            bytes += static_cast<char>(word & 0xff);
    return Secret(std::string(kPrefix) + base64_encode(bytes));
}

std::string timestamp(WallTime at) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
}

Result<std::string> signature(const std::vector<Secret>& secrets, const std::string& id, WallTime at,
                              const std::string& body) {
    const std::string text = id + "." + timestamp(at) + "." + body;
    std::string out;
    for (const Secret& secret : secrets) {
        std::string_view encoded = secret.reveal();
        if (encoded.starts_with(kPrefix)) encoded.remove_prefix(kPrefix.size());
        const auto key = base64_decode(encoded);
        if (!key.ok()) return Error{ErrorKind::bug, "bad_signing_secret", "a signing secret cannot be read"};
        if (!out.empty()) out += ' ';
        out += "v1," + base64_encode(hmac_sha256(*key, text));
    }
    return out;
}

}  // namespace spillway::webhooks
