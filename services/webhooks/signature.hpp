#pragma once
// Signatures as Standard Webhooks (standardwebhooks.com) has them.

#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "schema/random.hpp"
#include "schema/result.hpp"
#include "schema/secret.hpp"

namespace spillway::webhooks {

/// "whsec_" and the Base64 of 32 random bytes.
Secret new_signing_secret(Random& random);
/// The value of `webhook-signature`: one "v1,<Base64 of HMAC-SHA256 over id.timestamp.body>" for each secret, with
/// spaces between. Errors: bug/`bad_signing_secret` (none of ours).
Result<std::string> signature(const std::vector<Secret>& secrets, const std::string& id, WallTime at,
                              const std::string& body);
/// The value of `webhook-timestamp`: whole seconds.
std::string timestamp(WallTime at);

}  // namespace spillway::webhooks
