#include "services/sync/flight.hpp"

#include <algorithm>

#include "schema/runtime/log.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

pacing::Urgency Flight::urgency() const {
    const bool urgent = std::any_of(members.begin(), members.end(), [](const Member& member) {
        return member.loaded.priority == queue::Priority::interactive;
    });
    return urgent ? pacing::Urgency::interactive : pacing::Urgency::bulk;
}

asio::awaitable<Result<void>> commit_settlement(LaneParts& lane, queue::Work work) {
    for (;;) {
        auto again = work;
        auto committed = co_await lane.store.commit(queue::CommandClass::settle, std::move(again));
        if (committed.ok()) co_return committed;
        log_error(
            "settle_failed",
            {{"conn", lane.connection.value}, {"code", committed.error().code}, {"detail", committed.error().detail}});
        const auto& code = committed.error().code;
        if (code != "storage_full" && code != "storage_busy") co_return committed;
        const bool slept = co_await lane.clock.sleep_for(Millis{1'000});
        if (!slept) co_return committed;
    }
}

asio::awaitable<void> decide(LaneParts& lane, Flight& flight,
                             std::vector<std::pair<queue::Claim, Decision>> decisions) {
    if (decisions.empty()) co_return;
    std::vector<queue::Claim> claims;
    for (const auto& [claim, decision] : decisions) claims.push_back(claim);
    queue::Work work = [decisions = std::move(decisions)](queue::Transaction& transaction) -> Result<void> {
        for (const auto& [claim, decision] : decisions) {
            auto decided = decision(transaction);
            if (!decided.ok()) return decided;
        }
        return success();
    };
    const auto committed = co_await commit_settlement(lane, std::move(work));
    if (!committed.ok()) {
        lane.trip();
        co_return;
    }
    for (const auto& claim : claims) flight.done(claim);
}

}  // namespace spillway::sync
