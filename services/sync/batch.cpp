// From claims to a batch: what each record needs next, which of them may share a call, and the objects as they will be
// written.

#include <algorithm>

#include "services/sync/flight.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

asio::awaitable<void> plan(LaneParts& lane, Flight& flight, std::vector<store::LoadedSubject> subjects) {
    std::vector<std::pair<queue::Claim, Decision>> nothing_to_do;
    const auto context = lane.settle_context();
    const auto claims = flight.unsettled;
    SPILLWAY_ASSERT(claims.size() == subjects.size());
    for (std::size_t i = 0; i < subjects.size(); ++i) {
        auto steps = lane.provider.plan(subjects[i].subject);
        const auto& loaded = subjects[i];
        if (steps.empty() && loaded.subject.voided && loaded.subject.links.empty() && !loaded.unclear.empty()) {
            nothing_to_do.emplace_back(claims[i], [context, claim = claims[i],
                                                   loaded = std::move(subjects[i])](queue::Transaction& transaction) {
                return settle_void_unclear(transaction, context, claim, loaded);
            });
        } else if (steps.empty()) {
            nothing_to_do.emplace_back(claims[i], [context, claim = claims[i],
                                                   loaded = std::move(subjects[i])](queue::Transaction& transaction) {
                return settle_nothing_to_do(transaction, context, claim, loaded);
            });
        } else {
            flight.members.push_back(Member{claims[i], std::move(subjects[i]), std::move(steps.front()), {}});
        }
    }
    co_await decide(lane, flight, std::move(nothing_to_do));
}

void keep_one_batch(LaneParts& lane, Flight& flight) {
    if (flight.members.empty()) return;
    const auto rule = lane.provider.batch_rule(flight.members.front().step);
    std::vector<Member> kept;
    std::vector<queue::Claim> back;
    std::size_t cap = rule.size;
    for (auto& member : flight.members) {
        const auto found = lane.batch_cap.find(member.claim.id);
        const auto own_cap = found == lane.batch_cap.end() ? rule.size : std::max<std::size_t>(1, found->second);
        const auto with_me = std::min(cap, own_cap);
        if (lane.provider.batch_rule(member.step).word == rule.word && kept.size() < with_me) {
            cap = with_me;
            kept.push_back(std::move(member));
        } else {
            back.push_back(member.claim);
        }
    }
    flight.members = std::move(kept);
    flight.give_back(back);
}

asio::awaitable<Result<std::vector<RemoteObject>>> read_current(LaneParts& lane, const Flight& flight) {
    std::vector<Link> links;
    for (const auto& member : flight.members) {
        const auto roles = lane.provider.reads_before(member.loaded.subject, member.step);
        for (const auto& link : member.loaded.subject.links)
            if (std::ranges::find(roles, link.role) != roles.end()) links.push_back(link);
    }
    if (links.empty()) co_return std::vector<RemoteObject>{};
    auto calls = lane.provider.read_by_id(lane.caller.target().tenant, links);
    co_return co_await read_all(lane, std::move(calls), flight.urgency());
}

asio::awaitable<void> prepare(LaneParts& lane, Flight& flight, std::vector<RemoteObject> current) {
    std::vector<std::pair<queue::Claim, Decision>> refused;
    std::vector<Member> ready;
    std::vector<queue::Claim> back;
    std::size_t bytes = 0;
    const auto context = lane.settle_context();
    for (auto& member : flight.members) {
        auto object = lane.provider.prepare(member.loaded.subject, member.step, lane.mapping, lane.books, current);
        if (!object.ok() && object.error().code == "already_gone") {
            refused.emplace_back(member.claim, [context, member](queue::Transaction& transaction) {
                return settle_already_gone(transaction, context, member.claim, member.loaded, member.step);
            });
            continue;
        }
        if (!object.ok()) {
            refused.emplace_back(
                member.claim, [context, member, error = object.error()](queue::Transaction& transaction) {
                    return settle_refused(transaction, context, member.claim, member.loaded, member.step, error);
                });
            continue;
        }
        bytes += object->body.size();
        if (!ready.empty() && bytes > lane.provider.batch_rule(member.step).bytes_max) {
            back.push_back(member.claim);
            continue;
        }
        member.intent.record_id = member.loaded.record_id;
        member.intent.record_version = member.loaded.subject.version;
        member.intent.job_id = member.claim.id;
        member.intent.object = std::move(*object);
        ready.push_back(std::move(member));
    }
    flight.members = std::move(ready);
    flight.give_back(back);
    co_await decide(lane, flight, std::move(refused));
}

}  // namespace spillway::sync
