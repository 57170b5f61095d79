#pragma once
// A flight: claimed jobs on their way through plan, prepare, intent, send and settle. Loop thread only.

#include "services/sync/lane_parts.hpp"

namespace spillway::sync {

/// The members that go together, and the claims that are not settled yet. Those go back to the queue however it ends.
struct Flight {
    LaneParts& lane;
    std::vector<queue::Claim> unsettled;
    std::vector<Member> members{};

    Flight(LaneParts& parts, std::vector<queue::Claim> claims) : lane(parts), unsettled(std::move(claims)) {}
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;
    ~Flight() { lane.store.unclaim(lane.lane, unsettled); }

    /// A batch is as urgent as its most urgent member.
    [[nodiscard]] pacing::Urgency urgency() const;
    void done(const queue::Claim& claim) {
        std::erase_if(unsettled, [&](const queue::Claim& other) { return other.id == claim.id; });
    }
    void give_back(const std::vector<queue::Claim>& claims) {
        lane.store.unclaim(lane.lane, claims);
        for (const auto& claim : claims) done(claim);
    }
};

/// Settles a batch of decisions that need no call, in one transaction.
using Decision = std::function<Result<void>(queue::Transaction&)>;
boost::asio::awaitable<void> decide(LaneParts& lane, Flight& flight,
                                    std::vector<std::pair<queue::Claim, Decision>> decisions);

// batch.cpp: from claims to a batch that can be sent.

/// Plans each subject; what needs no call is settled at once, the others become members.
boost::asio::awaitable<void> plan(LaneParts& lane, Flight& flight, std::vector<store::LoadedSubject> subjects);
/// Keeps the members that may share the first one's call; the others go back to the queue.
void keep_one_batch(LaneParts& lane, Flight& flight);
/// Reads the objects that the steps want to see first. Errors: nothing was decided; put the claims back.
boost::asio::awaitable<Result<std::vector<RemoteObject>>> read_current(LaneParts& lane, const Flight& flight);
/// Turns members into prepared objects; refused ones are parked, and what does not fit into the call goes back.
boost::asio::awaitable<void> prepare(LaneParts& lane, Flight& flight, std::vector<RemoteObject> current);

// look_up_first.cpp

/// Takes out of the flight what the books may hold already, and has it looked up before it is sent.
boost::asio::awaitable<void> look_up_first(LaneParts& lane, Flight& flight);

// send.cpp

/// Sends what was prepared, and settles whatever came of it.
boost::asio::awaitable<void> send(LaneParts& lane, Flight& flight);

}  // namespace spillway::sync
