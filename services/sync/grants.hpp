#pragma once
// Grants: OAuth token sets. One Xero grant serves many organisations, so a grant is an entity of its own. They live
// sealed in a file of their own beside the store, which a restore of the store does not roll back: an old refresh token
// would be dead.

#include <boost/asio/any_io_executor.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/oauth/oauth.hpp"
#include "connectors/oauth/vault.hpp"
#include "connectors/transport.hpp"
#include "schema/clock.hpp"
#include "schema/ids.hpp"
#include "schema/runtime/signal.hpp"
#include "services/sync/caller.hpp"

namespace spillway::sync {

struct Grant {
    GrantId id;
    std::string provider;
    std::string
        subject;  ///< Xero: the user, so that a second consent of one user renews the same grant; QBO: the realm
    Secret access, refresh;
    WallTime access_until{};
    bool dead = false;  ///< refused for good: consent is needed
};

/// The file. Blocking: only from the executor that GrantKeeper gives it.
class GrantFile {
 public:
    /// Errors: invalid/`grants_unreadable` (with the path), invalid/`sealing_key_missing`.
    /// @param vfs  a SQLite VFS by name, for fault tests; empty: the default.
    static Result<std::unique_ptr<GrantFile>> open(const std::string& path, oauth::Vault vault,
                                                   const std::string& vfs = {});
    ~GrantFile();

    Result<std::vector<Grant>> load();
    /// Durable when it returns. Errors: unavailable/`grants_not_stored`.
    Result<void> save(const Grant& grant, Random& random);
    Result<void> erase(const GrantId& id);

 private:
    struct Impl;
    explicit GrantFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

class GrantKeeper final : public TokenSource {
 public:
    struct Parts {
        boost::asio::any_io_executor executor;  ///< the loop
        boost::asio::any_io_executor blocking;  ///< a thread for the file
        std::unique_ptr<GrantFile> file;
        Transport& transport;
        Clock& clock;
        Random& random;
    };
    explicit GrantKeeper(Parts parts);

    /// An app by provider name; before the first token is asked for.
    void add_app(oauth::OAuthApp app);
    boost::asio::awaitable<Result<void>> load();

    boost::asio::awaitable<Result<Secret>> token(GrantId grant) override;
    boost::asio::awaitable<Result<Secret>> renew(GrantId grant, Secret refused) override;

    /// What a code was exchanged for. Nothing is stored, and the grant has no id: it is nobody's until its subject is
    /// proven; a crash before keep() costs a consent and no more.
    struct Exchanged {
        Grant grant;           ///< its subject: the user, where the token names one (Xero)
        std::string event_id;  ///< Xero's name of this consent
    };
    boost::asio::awaitable<Result<Exchanged>> exchange(std::string provider, std::string code, std::string verifier);
    /// Stores a grant whose subject is proven, in place of an earlier one of that subject, whose id it takes.
    boost::asio::awaitable<Result<Grant>> keep(Grant grant);
    /// Revokes at the provider (best effort) and forgets. For QBO only: at Xero it would end every organisation of that
    /// user.
    boost::asio::awaitable<void> revoke(GrantId grant);

 private:
    class Refreshing;
    struct Entry {
        Grant grant;
        std::optional<Grant> unsaved{};  ///< renewed at the provider, and not stored so far
        bool refreshing = false;
        std::vector<Signal*> waiting;  ///< callers that wait for the one refresh under way
    };
    boost::asio::awaitable<Result<Secret>> refresh(std::string id, Secret refused);
    boost::asio::awaitable<Result<void>> refresh_now(std::string id);
    boost::asio::awaitable<Result<void>> save_late(std::string id);
    boost::asio::awaitable<Result<void>> refresh_refused(std::string id, Error error);
    boost::asio::awaitable<Result<void>> store(Grant grant);

    Parts parts_;
    std::map<std::string, oauth::OAuthApp> apps_;
    std::map<std::string, Entry> entries_;
};

}  // namespace spillway::sync
