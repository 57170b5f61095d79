// Look before you create. While the store is in doubt, for jobs that came back from an unknown state without an intent,
// and for records of which a look-up could not tell, a create may have happened already. Its intent is written as if it
// had been sent at the start of the doubt, and resolved like any lost one: found in the books it is adopted, found
// absent twice it is sent.

#include <algorithm>

#include "schema/runtime/log.hpp"
#include "services/sync/flight.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

bool in_doubt(const LaneParts& lane, const Member& member) {
    if (member.step.verb != Verb::create) return false;
    const auto job = member.claim.id;
    if (lane.looked_up.contains({job, member.step.role})) return false;
    if (lane.revived.contains(job)) return true;
    // It ended with a question to a person. Whatever became of the job since, the books are asked before it is created.
    if (std::ranges::find(member.loaded.unclear, member.step.role) != member.loaded.unclear.end()) return true;
    if (!lane.doubt) return false;
    return job <= lane.doubt->through || (lane.doubt->until && lane.clock.wall_now() < *lane.doubt->until);
}

/// Takes the members in doubt out of the flight; their claims stay with it until they are settled.
std::vector<Member> take_doubtful(LaneParts& lane, Flight& flight) {
    std::vector<Member> doubtful, sound;
    for (auto& member : flight.members) {
        auto& where = in_doubt(lane, member) ? doubtful : sound;
        where.push_back(std::move(member));
    }
    flight.members = std::move(sound);
    return doubtful;
}

store::Call as_if_sent(LaneParts& lane, const std::vector<Member>& members) {
    store::Call call;
    std::vector<PreparedObject> objects;
    for (const auto& member : members) {
        objects.push_back(member.intent.object);
        call.intents.push_back(member.intent);
    }
    call.key = lane.random.hex128();
    call.connection = lane.connection;
    call.request = lane.provider.assemble(lane.caller.target().tenant, objects, call.key);
    call.epoch = lane.store.epoch();
    call.unknown = true;
    call.doubt = true;
    // Whoever may have sent it had ended when the doubt began. Without `first_sent` it is never sent again as it is.
    call.last_sent = lane.doubt_from;
    call.sent = lane.clock.wall_now() - (lane.clock.steady_now() - lane.doubt_from);
    return call;
}

}  // namespace

asio::awaitable<void> look_up_first(LaneParts& lane, Flight& flight) {
    const auto doubtful = take_doubtful(lane, flight);
    if (doubtful.empty()) co_return;
    std::vector<queue::Claim> claims;
    for (const auto& member : doubtful) claims.push_back(member.claim);
    auto call = as_if_sent(lane, doubtful);
    auto written = std::make_shared<store::Call>(call);
    queue::Work work = [written, claims](queue::Transaction& transaction) -> Result<void> {
        for (const auto& claim : claims) {
            auto started = transaction.start(claim);
            if (!started.ok()) return started;
            auto unknown = transaction.settle(
                claim, queue::Settlement::unknown("the store may not know everything that was sent: looked up first"));
            if (!unknown.ok()) return unknown;
        }
        auto& connection = queue::sqlite::connection_of(transaction);
        auto opened = store::open_call(connection, *written);
        if (!opened.ok()) return opened;
        return store::mark_unknown(connection, written->key, 0, {});
    };
    const auto committed = co_await commit_settlement(lane, std::move(work));
    if (!committed.ok()) {
        lane.trip();
        co_return;
    }
    for (const auto& claim : claims) flight.done(claim);
    lane.on_unknown(std::move(*written));
}

asio::awaitable<void> revive(LaneParts& lane, std::vector<queue::JobId> jobs) {
    std::vector<queue::Claim> claims;
    for (const auto job : jobs) {
        const auto claim = lane.store.claim_unknown(lane.lane, job);
        if (!claim) continue;
        claims.push_back(*claim);
        lane.revived.insert(job);
    }
    if (claims.empty()) co_return;
    log_warn("jobs_revived", {{"conn", lane.connection.value},
                              {"jobs", claims.size()},
                              {"detail", "unknown without an open intent: looked up before anything is sent"}});
    queue::Work work = [claims](queue::Transaction& transaction) -> Result<void> {
        for (const auto& claim : claims) {
            auto settled = transaction.settle(claim, queue::Settlement::again());
            if (!settled.ok() && settled.error().code != "stale_claim") return settled;
        }
        return success();
    };
    const auto committed = co_await commit_settlement(lane, std::move(work));
    if (!committed.ok()) lane.store.unclaim(lane.lane, claims);
}

}  // namespace spillway::sync
