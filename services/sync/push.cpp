// The way of one invoice, from a claim to its settlement: loaded, planned and batched (batch.cpp), sent (send.cpp), and
// settled (settle.cpp).

#include "schema/runtime/log.hpp"
#include "services/sync/flight.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using Kind = ElementOutcome::Kind;

namespace {

asio::awaitable<Result<std::vector<store::LoadedSubject>>> load(LaneParts& lane,
                                                                const std::vector<queue::Claim>& claims) {
    std::vector<queue::JobId> ids;
    ids.reserve(claims.size());
    for (const auto& claim : claims) ids.push_back(claim.id);
    std::function<Result<std::vector<store::LoadedSubject>>(queue::sqlite::Connection&)> work =
        [ids = std::move(ids)](queue::sqlite::Connection& connection) { return store::load_subjects(connection, ids); };
    co_return co_await lane.store.read(std::move(work));
}

/// A batch that cannot be loaded: one by one, so that the one that is broken stands alone, and is parked.
asio::awaitable<void> load_failed(LaneParts& lane, Flight& flight, Error error) {
    log_error("load_failed", {{"conn", lane.connection.value}, {"code", error.code}, {"detail", error.detail}});
    lane.claim_max = 1;
    lane.trip();
    if (flight.unsettled.size() > 1 || error.kind != ErrorKind::bug) co_return;
    std::vector<std::pair<queue::Claim, Decision>> parked;
    parked.emplace_back(flight.unsettled.front(),
                        [claim = flight.unsettled.front(), error](queue::Transaction& transaction) {
                            return settle_unreadable(transaction, claim, error);
                        });
    co_await decide(lane, flight, std::move(parked));
}

/// The objects to be updated could not be read. When the provider refuses that soundly for one alone, it counts as an
/// attempt of that one.
asio::awaitable<void> read_failed(LaneParts& lane, Flight& flight, Error error) {
    if (error.kind == ErrorKind::unauthorised) lane.on_unauthorised(error.detail);
    if (error.kind == ErrorKind::cancelled || error.kind == ErrorKind::unauthorised) co_return;
    log_warn("read_failed", {{"conn", lane.connection.value}, {"code", error.code}});
    lane.trip();
    const int status = error.http_status;
    if (status < 400 || status >= 500 || status == 429) co_return;
    lane.claim_max = 1;
    if (flight.members.size() > 1) co_return;
    const auto& member = flight.members.front();
    ObjectEnd end{member.claim, member.loaded, {}, {}, lane.retry_delay(member.loaded.attempts + 1)};
    end.intent.record_version = member.loaded.subject.version;
    end.intent.object.role = member.step.role;
    end.intent.object.verb = member.step.verb;
    end.outcome.kind = Kind::unavailable;
    end.outcome.error = std::move(error);
    std::vector<std::pair<queue::Claim, Decision>> retried;
    retried.emplace_back(member.claim, [context = lane.settle_context(), end](queue::Transaction& transaction) {
        return settle_object(transaction, context, end);
    });
    co_await decide(lane, flight, std::move(retried));
}

}  // namespace

asio::awaitable<Result<std::vector<RemoteObject>>> read_all(LaneParts& lane, std::vector<PreparedCall> calls,
                                                            pacing::Urgency urgency) {
    std::vector<RemoteObject> all;
    for (auto& call : calls) {
        auto request = call;
        auto answer = co_await lane.caller.call(std::move(request), urgency);
        if (!answer.ok()) co_return std::move(answer).error();
        auto objects = lane.provider.read_objects(call, *answer);
        if (!objects.ok()) co_return std::move(objects).error();
        std::move(objects->begin(), objects->end(), std::back_inserter(all));
    }
    co_return all;
}

asio::awaitable<void> push(LaneParts& lane, std::vector<queue::Claim> claims) {
    Flight flight(lane, std::move(claims));
    auto subjects = co_await load(lane, flight.unsettled);
    if (!subjects.ok()) {
        co_await load_failed(lane, flight, std::move(subjects).error());
        co_return;
    }
    co_await plan(lane, flight, std::move(*subjects));
    keep_one_batch(lane, flight);
    auto current = co_await read_current(lane, flight);
    if (!current.ok()) {
        co_await read_failed(lane, flight, std::move(current).error());
        co_return;
    }
    lane.claim_max = LaneParts::kClaimMax;
    co_await prepare(lane, flight, std::move(*current));
    co_await look_up_first(lane, flight);
    if (!flight.members.empty()) co_await send(lane, flight);
}

}  // namespace spillway::sync
