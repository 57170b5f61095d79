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

}  // namespace

GrantKeeper::GrantKeeper(Parts parts) : parts_(std::move(parts)) {}

void GrantKeeper::add_app(oauth::OAuthApp app) {
    auto provider = app.provider;
    apps_.insert_or_assign(std::move(provider), std::move(app));
}

asio::awaitable<Result<void>> GrantKeeper::load() {
    auto& file = *parts_.file;
    auto work = [&file] { return file.load(); };
    auto grants = co_await run_on(parts_.blocking, std::move(work));
    if (!grants.ok()) co_return std::move(grants).error();
    for (auto& grant : *grants) {
        auto id = grant.id.value;
        entries_[id].grant = std::move(grant);
    }
    co_return success();
}

asio::awaitable<Result<void>> GrantKeeper::store(Grant grant) {
    auto& file = *parts_.file;
    auto& random = parts_.random;
    auto work = [&file, &random, grant] { return file.save(grant, random); };
    auto saved = co_await run_on(parts_.blocking, std::move(work));
    co_return saved;
}

asio::awaitable<Result<Secret>> GrantKeeper::token(GrantId grant) {
    const auto found = entries_.find(grant.value);
    if (found == entries_.end()) co_return gone(grant);
    const auto& known = found->second.grant;
    if (known.dead) co_return gone(grant);
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
        entry.waiting.push_back(&done);
        co_await done.wait();
        std::erase(entry.waiting, &done);
        const bool stop = co_await stop_requested();
        if (stop) co_return Error{ErrorKind::cancelled, "stopping", "cancelled while a token was being renewed"};
    }
    if (entry.grant.dead) co_return gone(entry.grant.id);
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
    const auto app = apps_.find(entry.grant.provider);
    if (app == apps_.end())
        co_return Error{ErrorKind::unavailable, "unknown_provider", "no app for " + entry.grant.provider};
    const auto used = entry.grant.refresh;
    auto request = oauth::refresh_request(app->second, used);
    if (!request.ok()) co_return std::move(request).error();
    const SendLimits limits{Millis{10'000}, Millis{30'000}, 1u << 20};
    auto answer = co_await parts_.transport.send(request->origin, std::move(request->request), limits);
    auto tokens = oauth::read_tokens(app->second, answer);
    // A person gave consent again meanwhile: what became of the old tokens no longer matters.
    if (entry.grant.refresh.reveal() != used.reveal()) co_return success();
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
    if (entry.grant.refresh.reveal() == used.reveal()) entry.grant = std::move(renewed);
    co_return success();
}

/// Stores what an earlier refresh brought and the disk did not take then.
asio::awaitable<Result<void>> GrantKeeper::save_late(std::string id) {
    auto& entry = entries_.at(id);
    const auto late = *entry.unsaved;
    auto saved = co_await store(late);
    // Unless a person gave consent again meanwhile.
    if (!saved.ok() || !entry.unsaved) co_return saved;
    entry.grant = *std::exchange(entry.unsaved, std::nullopt);
    co_return success();
}

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
    grant.provider = std::move(provider);
    grant.subject = std::move(tokens->user_id);
    grant.access = std::move(tokens->access);
    grant.refresh = std::move(tokens->refresh);
    grant.access_until = parts_.clock.wall_now() + tokens->access_life;
    co_return exchanged;
}

asio::awaitable<Result<Grant>> GrantKeeper::keep(Grant grant) {
    for (const auto& [id, entry] : entries_)
        if (entry.grant.provider == grant.provider && entry.grant.subject == grant.subject && !grant.subject.empty())
            grant.id = entry.grant.id;
    if (grant.id.empty()) grant.id = GrantId("grt_" + parts_.random.hex128());
    auto saved = co_await store(grant);
    if (!saved.ok()) co_return std::move(saved).error();
    auto& entry = entries_[grant.id.value];
    entry.grant = grant;
    entry.unsaved.reset();
    co_return grant;
}

asio::awaitable<void> GrantKeeper::revoke(GrantId grant) {
    const auto found = entries_.find(grant.value);
    if (found == entries_.end()) co_return;
    auto request = oauth::revoke_request(apps_.at(found->second.grant.provider), found->second.grant.refresh);
    if (request.ok()) {
        const SendLimits limits{Millis{5'000}, Millis{10'000}, 1u << 20};
        const auto answer = co_await parts_.transport.send(request->origin, std::move(request->request), limits);
        log_info("grant_revoked", {{"grant", grant.value}, {"status", answer.response.status}});
    }
    auto& file = *parts_.file;
    auto work = [&file, grant] { return file.erase(grant); };
    const auto erased = co_await run_on(parts_.blocking, std::move(work));
    if (!erased.ok()) log_error("grant_not_erased", {{"grant", grant.value}, {"code", erased.error().code}});
    // The entry stays, dead, so that callers that hold its id are told so.
    entries_[grant.value].grant.dead = true;
}

}  // namespace spillway::sync
