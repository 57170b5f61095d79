#include "services/sync/grants.hpp"

#include <boost/asio/this_coro.hpp>

#include "schema/runtime/log.hpp"
#include "schema/runtime/run_on.hpp"
#include "schema/runtime/shield.hpp"
#include "schema/runtime/task_group.hpp"
#include "schema/simulated.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

/// A token this close to its end is renewed first: it must outlive the longest call.
constexpr Millis kRenewBefore{3 * 60 * 1000};

Error gone(const GrantId& id) {
    return Error{ErrorKind::unauthorised, "needs_reauth",
                 "the consent of grant " + id.value + " has ended: connect again"};
}

Error stopping() { return {ErrorKind::cancelled, "stopping", "cancelled while a token was being renewed"}; }

GrantedTo app_of(const oauth::OAuthApp& app) { return {app.mark, app.client_id}; }

}  // namespace

GrantKeeper::GrantKeeper(Parts parts) : parts_(std::move(parts)) {}

void GrantKeeper::add_app(oauth::OAuthApp app) {
    auto provider = app.provider;
    apps_.insert_or_assign(std::move(provider), std::move(app));
}

asio::awaitable<Result<void>> GrantKeeper::load() {
    auto& file = *parts_.file;
    auto& random = parts_.file_random;
    auto rotate = [&file, &random] { return file.reseal(random); };
    const auto resealed = co_await run_on(parts_.blocking, std::move(rotate));
    // Another start tries again; until then the old key is needed.
    if (!resealed.ok()) log_warn("grants_not_resealed", {{"code", resealed.error().code}});
    if (resealed.ok() && *resealed > 0) log_info("grants_resealed", {{"grants", static_cast<std::int64_t>(*resealed)}});
    auto work = [&file] { return file.load(); };
    auto grants = co_await run_on(parts_.blocking, std::move(work));
    if (!grants.ok()) co_return std::move(grants).error();
    co_await adopt_unnamed(*grants);
    for (auto& grant : *grants) {
        auto id = grant.id.value;
        entries_[id].grant = std::move(grant);
    }
    co_return success();
}

/// Once, for grants that a release stored which did not note the app: the one configured now is the likeliest.
asio::awaitable<void> GrantKeeper::adopt_unnamed(std::vector<Grant>& grants) {
    std::vector<Grant> adopted;
    for (auto& grant : grants) {
        const auto app = apps_.find(grant.provider);
        if (!grant.app.client_id.empty() || app == apps_.end()) continue;
        grant.app = app_of(app->second);
        adopted.push_back(grant);
    }
    if (adopted.empty()) co_return;
    auto& file = *parts_.file;
    auto& random = parts_.file_random;
    auto work = [&file, &random, adopted] { return file.save(adopted, random); };
    const auto saved = co_await run_on(parts_.blocking, std::move(work));
    if (!saved.ok()) log_warn("grants_not_adopted", {{"code", saved.error().code}});
}

std::optional<Error> GrantKeeper::refusal_of(const Grant& grant) const {
    if (grant.dead) return gone(grant.id);
    const auto app = apps_.find(grant.provider);
    if (app == apps_.end()) return Error{ErrorKind::unavailable, "unknown_provider", "no app for " + grant.provider};
    if (app_of(app->second) == grant.app) return std::nullopt;
    return Error{ErrorKind::unavailable, "other_app",
                 "the consent was given to another app (" + grant.app.client_id + ", " +
                     (grant.app.mark == oauth::Mark::live ? "live" : "sandbox") +
                     ") than the configured one: configure that one again, or connect again"};
}

/// The turn of one writer; the next one begins when it ends.
class GrantKeeper::Writing {
 public:
    explicit Writing(GrantKeeper& keeper) : keeper_(keeper) {}
    ~Writing() {
        keeper_.writing_ = false;
        for (auto* waiter : keeper_.waiting_to_write_) waiter->notify();
    }
    Writing(const Writing&) = delete;
    Writing& operator=(const Writing&) = delete;

 private:
    GrantKeeper& keeper_;
};

/// @return false when the caller was cancelled; else the turn is taken, to be given back by a Writing.
asio::awaitable<bool> GrantKeeper::begin_writing() {
    while (writing_) {
        Signal ended(parts_.executor);
        const WaiterPlace place(waiting_to_write_, ended);
        co_await ended.wait();
        const bool stop = co_await stop_requested();
        if (stop) co_return false;
    }
    writing_ = true;
    co_return true;
}

asio::awaitable<Result<void>> GrantKeeper::store(Grant grant) {
    auto& file = *parts_.file;
    auto& random = parts_.file_random;
    auto work = [&file, &random, grant] { return file.save({grant}, random); };
    auto saved = co_await run_on(parts_.blocking, std::move(work));
    co_return saved;
}

asio::awaitable<Result<void>> GrantKeeper::erase(GrantId id) {
    auto& file = *parts_.file;
    auto work = [&file, id] { return file.erase(id); };
    co_return co_await run_on(parts_.blocking, std::move(work));
}

asio::awaitable<Result<Secret>> GrantKeeper::token(GrantId grant) {
    const auto found = entries_.find(grant.value);
    if (found == entries_.end()) co_return gone(grant);
    const auto& known = found->second.grant;
    if (auto refused = refusal_of(known)) co_return *std::move(refused);
    if (parts_.clock.wall_now() + kRenewBefore < known.access_until) co_return known.access;
    auto renewed = co_await refresh(grant.value, known.access);
    co_return renewed;
}

asio::awaitable<Result<Secret>> GrantKeeper::renew(GrantId grant, Secret refused) {
    const auto found = entries_.find(grant.value);
    if (found == entries_.end()) co_return gone(grant);
    auto renewed = co_await refresh(grant.value, std::move(refused));
    co_return renewed;
}

/// Marks the one refresh of a grant that is under way, and wakes who waits for it however it ends.
class GrantKeeper::Refreshing {
 public:
    explicit Refreshing(Entry& entry) : entry_(entry) { entry_.refreshing = true; }
    ~Refreshing() {
        entry_.refreshing = false;
        for (auto* waiter : entry_.waiting) waiter->notify();
    }
    Refreshing(const Refreshing&) = delete;
    Refreshing& operator=(const Refreshing&) = delete;

 private:
    Entry& entry_;
};

asio::awaitable<Result<Secret>> GrantKeeper::refresh(std::string id, Secret refused) {
    auto& entry = entries_.at(id);
    while (entry.refreshing) {
        Signal done(parts_.executor);
        const WaiterPlace place(entry.waiting, done);
        co_await done.wait();
        const bool stop = co_await stop_requested();
        if (stop) co_return stopping();
    }
    if (auto refused_now = refusal_of(entry.grant)) co_return *std::move(refused_now);
    // Somebody else has renewed it meanwhile: parallel refreshes would kill each other's tokens.
    if (entry.grant.access.reveal() != refused.reveal()) co_return entry.grant.access;
    const Refreshing refreshing(entry);
    // A stop lets it end: the provider may have rotated the token already, and the old one dies soon.
    auto renewing = refresh_now(id);
    auto refreshed = co_await shielded(std::move(renewing));
    if (!refreshed.ok()) co_return std::move(refreshed).error();
    co_return entry.grant.access;
}

asio::awaitable<Result<void>> GrantKeeper::refresh_now(std::string id) {
    auto& entry = entries_.at(id);
    if (entry.unsaved) co_return co_await save_late(std::move(id));
    const auto& app = apps_.at(entry.grant.provider);
    const auto consent = entry.consent;
    auto request = oauth::refresh_request(app, entry.grant.refresh);
    if (!request.ok()) co_return std::move(request).error();
    const SendLimits limits{Millis{10'000}, Millis{30'000}, 1u << 20};
    auto answer = co_await parts_.transport.send(request->origin, std::move(request->request), limits);
    auto tokens = oauth::read_tokens(app, answer);
    co_return co_await take_renewed(std::move(id), consent, std::move(tokens));
}

/// What a refresh that began under that consent brought.
asio::awaitable<Result<void>> GrantKeeper::take_renewed(std::string id, std::uint64_t consent,
                                                        Result<oauth::Tokens> tokens) {
    auto& entry = entries_.at(id);
    const bool turn = co_await begin_writing();
    if (!turn) co_return stopping();
    const Writing writing(*this);
    // A person gave consent again meanwhile, or it was revoked: what became of the old tokens no longer matters.
    if (entry.consent != consent) co_return success();
    if (entry.grant.dead) co_return gone(entry.grant.id);
    if (!tokens.ok()) co_return co_await refresh_refused(std::move(id), std::move(tokens).error());
    auto renewed = entry.grant;
    renewed.access = std::move(tokens->access);
    renewed.refresh = std::move(tokens->refresh);
    renewed.access_until = parts_.clock.wall_now() + tokens->access_life;
    // Durable before use: a crash after this point must find the rotated refresh token.
    auto kept = SPILLWAY_DEFECT("rotated_token_not_stored") ? entry.grant : renewed;
    auto saved = co_await store(std::move(kept));
    if (!saved.ok()) {
        // The provider has rotated it: to forget the new one would cost the consent once the old one is no longer good.
        entry.unsaved = std::move(renewed);
        co_return saved;
    }
    entry.grant = std::move(renewed);
    co_return success();
}

/// Stores what an earlier refresh brought and the disk did not take then.
asio::awaitable<Result<void>> GrantKeeper::save_late(std::string id) {
    auto& entry = entries_.at(id);
    const bool turn = co_await begin_writing();
    if (!turn) co_return stopping();
    const Writing writing(*this);
    // Unless a person gave consent again meanwhile.
    if (!entry.unsaved) co_return success();
    auto saved = co_await store(*entry.unsaved);
    if (!saved.ok()) co_return saved;
    entry.grant = *std::exchange(entry.unsaved, std::nullopt);
    co_return success();
}

/// Within the turn to write.
asio::awaitable<Result<void>> GrantKeeper::refresh_refused(std::string id, Error error) {
    auto& entry = entries_.at(id);
    log_warn("refresh_failed", {{"grant", id}, {"code", error.code}});
    if (error.kind != ErrorKind::unauthorised) {
        // A lost answer may have rotated the token; the old one stays good for a while, so the next try uses it again.
        error.kind = ErrorKind::unavailable;
        co_return error;
    }
    entry.grant.dead = true;
    const auto dead = co_await store(entry.grant);
    if (!dead.ok()) log_error("grant_not_stored", {{"grant", id}, {"code", dead.error().code}});
    co_return gone(entry.grant.id);
}

asio::awaitable<Result<GrantKeeper::Exchanged>> GrantKeeper::exchange(std::string provider, std::string code,
                                                                      std::string verifier) {
    const auto& app = apps_.at(provider);
    auto request = oauth::exchange_request(app, code, verifier);
    if (!request.ok()) co_return std::move(request).error();
    const SendLimits limits{Millis{10'000}, Millis{30'000}, 1u << 20};
    auto answer = co_await parts_.transport.send(request->origin, std::move(request->request), limits);
    auto tokens = oauth::read_tokens(app, answer);
    if (!tokens.ok()) co_return std::move(tokens).error();
    Exchanged exchanged;
    exchanged.event_id = std::move(tokens->event_id);
    auto& grant = exchanged.grant;
    grant.app = app_of(app);
    grant.provider = std::move(provider);
    grant.subject = std::move(tokens->user_id);
    grant.access = std::move(tokens->access);
    grant.refresh = std::move(tokens->refresh);
    grant.access_until = parts_.clock.wall_now() + tokens->access_life;
    co_return exchanged;
}

asio::awaitable<Result<Grant>> GrantKeeper::keep(Grant grant) {
    const bool turn = co_await begin_writing();
    if (!turn) co_return stopping();
    const Writing writing(*this);
    // One that another app was given stays as it is: it may be configured again.
    for (const auto& [id, entry] : entries_) {
        const auto& known = entry.grant;
        if (known.provider == grant.provider && known.subject == grant.subject && known.app == grant.app &&
            !grant.subject.empty())
            grant.id = known.id;
    }
    if (grant.id.empty()) grant.id = GrantId("grt_" + parts_.random.hex128());
    auto saved = co_await store(grant);
    if (!saved.ok()) co_return std::move(saved).error();
    auto& entry = entries_[grant.id.value];
    entry.grant = grant;
    entry.unsaved.reset();
    ++entry.consent;
    co_return grant;
}

asio::awaitable<void> GrantKeeper::revoke(GrantId grant) {
    const auto found = entries_.find(grant.value);
    if (found == entries_.end()) co_return;
    auto& entry = found->second;
    const bool dead = entry.grant.dead;  // nothing to revoke
    if (const auto refused = refusal_of(entry.grant); refused && !dead) {
        log_warn("grant_not_revoked", {{"grant", grant.value}, {"code", refused->code}});
        co_return;
    }
    const auto consent = entry.consent;
    if (!dead) {
        auto request = oauth::revoke_request(apps_.at(entry.grant.provider), entry.grant.refresh);
        if (request.ok()) {
            const SendLimits limits{Millis{5'000}, Millis{10'000}, 1u << 20};
            const auto answer = co_await parts_.transport.send(request->origin, std::move(request->request), limits);
            log_info("grant_revoked", {{"grant", grant.value}, {"status", answer.response.status}});
        }
    }
    const bool turn = co_await begin_writing();
    if (!turn) co_return;
    const Writing writing(*this);
    // Consent was given again meanwhile: what is stored now is that one's.
    if (entry.consent != consent) co_return;
    const auto erased = co_await erase(grant);
    if (!erased.ok()) log_error("grant_not_erased", {{"grant", grant.value}, {"code", erased.error().code}});
    // The entry stays, dead, so that callers that hold its id are told so.
    entry.grant.dead = true;
    entry.unsaved.reset();
}

}  // namespace spillway::sync
