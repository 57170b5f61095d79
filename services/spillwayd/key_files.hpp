#pragma once
// The two key files of an installation. Made with random content when missing, readable by the owner alone.

#include <string>

#include "connectors/oauth/vault.hpp"
#include "schema/random.hpp"
#include "schema/result.hpp"
#include "schema/secret.hpp"

namespace spillway::daemon {

/// The bootstrap administrator's API key. Errors: invalid/`key_file` (unreadable, empty, or cannot be made).
Result<Secret> admin_key(const std::string& path, Random& random);
/// The keys that seal the grants. Errors: as above, and the vault's.
Result<oauth::Vault> secrets_keys(const std::string& path, Random& random);

}  // namespace spillway::daemon
