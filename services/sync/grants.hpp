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

/// The app that a grant was given to. Tokens of one app open nothing for another, and those of a live one must not go
/// where a configuration changed to the sandbox sends them.
struct GrantedTo {
    oauth::Mark mark = oauth::Mark::sandbox;
    std::string client_id;  ///< empty: stored by a release that did not note it
    friend bool operator==(const GrantedTo&, const GrantedTo&) = default;
};

struct Grant {
    GrantId id;
    std::string provider;
    std::string
        subject;  ///< Xero: the user, so that a second consent of one user renews the same grant; QBO: the realm
    GrantedTo app;
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
    /// Durable when it returns, all of them or none. Errors: unavailable/`grants_not_stored`.
    Result<void> save(const std::vector<Grant>& grants, Random& random);
    Result<void> erase(const GrantId& id);
    /// Seals under the first key what is sealed under an older one. @return how many. Errors: as load() and save().
    Result<std::size_t> reseal(Random& random);

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
        Random& random;       ///< of the loop
        Random& file_random;  ///< of the blocking thread, and nobody else's
    };
    explicit GrantKeeper(Parts parts);

    /// An app by provider name; before the grants are loaded.
    void add_app(oauth::OAuthApp app);
    /// Reads the file. Grants of a release that did not note their app become the present one's; those under an older
    /// key are sealed again under the first.
    boost::asio::awaitable<Result<void>> load();

    /// Both refuse a grant of another app than the one configured now, unavailable/`other_app`, without sending it.
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
    /// Revokes at the provider (best effort) and forgets, unless consent was given again meanwhile. For QBO only: at
    /// Xero it would end every organisation of that user.
    boost::asio::awaitable<void> revoke(GrantId grant);

 private:
    class Refreshing;
    class Writing;
    struct Entry {
        Grant grant;
        std::uint64_t consent = 0;       ///< counts up with each consent: what began before it says nothing of it
        std::optional<Grant> unsaved{};  ///< renewed at the provider, and not stored so far
        bool refreshing = false;
        std::vector<Signal*> waiting;  ///< callers that wait for the one refresh under way
    };
    boost::asio::awaitable<Result<Secret>> refresh(std::string id, Secret refused);
    boost::asio::awaitable<Result<void>> refresh_now(std::string id);
    boost::asio::awaitable<Result<void>> take_renewed(std::string id, std::uint64_t consent,
                                                      Result<oauth::Tokens> tokens);
    boost::asio::awaitable<Result<void>> save_late(std::string id);
    boost::asio::awaitable<Result<void>> refresh_refused(std::string id, Error error);
    /// One at a time decides what the file shall say, writes it and says the same in memory: else the one who decided
    /// first could write last.
    boost::asio::awaitable<bool> begin_writing();
    boost::asio::awaitable<Result<void>> store(Grant grant);
    boost::asio::awaitable<Result<void>> erase(GrantId id);
    boost::asio::awaitable<void> adopt_unnamed(std::vector<Grant>& grants);
    [[nodiscard]] std::optional<Error> refusal_of(const Grant& grant) const;

    Parts parts_;
    std::map<std::string, oauth::OAuthApp> apps_;
    std::map<std::string, Entry> entries_;
    bool writing_ = false;
    std::vector<Signal*> waiting_to_write_;
};

}  // namespace spillway::sync
