#include "tests/crash/driver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace spillway::queue::test {

namespace asio = boost::asio;

Driver::Driver(Place place, std::string lane, std::uint64_t seed)
    : place_(place), lane_(std::move(lane)), random_(seed), rested_(place.io) {
    rested_.expires_at(asio::steady_timer::time_point::max());
}

asio::awaitable<void> Driver::turn() { co_await asio::post(place_.io, asio::use_awaitable); }

asio::awaitable<void> Driver::run(std::uint64_t steps) {
    co_await learn();
    for (std::uint64_t done = 0; done < steps && !stopped_ && !broken_; ++done) co_await step();
}

/// Open jobs that an earlier process left.
asio::awaitable<void> Driver::learn() {
    JobFilter filter;
    filter.lane = lane_;
    filter.states = {JobState::waiting, JobState::unknown, JobState::parked, JobState::blocked, JobState::scheduled};
    std::function<Result<std::vector<Job>>(sqlite::Connection&)> list = [filter](sqlite::Connection& connection) {
        return Result<std::vector<Job>>(SqliteStore::list_jobs(connection, filter, {}, 100));
    };
    const auto jobs = co_await place_.store.read<std::vector<Job>>(list);
    if (!jobs.ok()) co_return;
    for (const Job& job : *jobs) {
        keys_[job.id] = job.key;
        if (job.state != JobState::waiting) known_.push_back(job.id);
    }
}

asio::awaitable<void> Driver::step() {
    const std::uint64_t what = random_.below(16);
    if (what == 0) {
        const Millis span{1 + static_cast<std::int64_t>(random_.below(30'000))};
        place_.report.passes(to_ms(place_.clock.wall_now() + span));
        place_.clock.advance(span);
        co_await turn();
    } else if (what == 1) {
        co_await unclaim();
    } else if (what <= 4) {
        claim();
    } else if (what == 5) {
        claim_unknown();
    } else {
        under_way_ = random_.below(2) == 0 ? 2 : 1;
        const int together = under_way_;
        for (int each = 0; each < together; ++each) {
            auto op = perform(any_op());
            asio::co_spawn(place_.io, std::move(op), asio::detached);
        }
        for (std::uint64_t turns = random_.below(4); turns > 0; --turns) {
            co_await turn();
            if (random_.below(3) == 0) claim();
        }
        while (under_way_ > 0) co_await rested_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    // The answers of one group come in one turn of the loop: what follows must not overtake a neighbour's.
    co_await turn();
}

asio::awaitable<void> Driver::perform(Op op) {
    const std::uint64_t slot = ++place_.slots;
    op.now_ms = to_ms(place_.clock.wall_now());
    place_.report.begun(slot, op);
    auto outcome = std::make_shared<Outcome>();
    auto told = std::make_shared<bool>(false);
    Work work = [this, op, slot, outcome, told](Transaction& transaction) -> Result<void> {
        auto done = carry_out(transaction, op, slot, *outcome);
        if (!done.ok() && done.error().code == "stale_claim" && place_.defect == Defect::dropped_token_check) {
            SQLite::Database& database = sqlite::connection_of(transaction).database();
            database.exec("UPDATE jobs SET state = 6 WHERE state IN (0, 4) AND id = " + std::to_string(op.claim.id));
            return success();
        }
        if (done.ok() && place_.defect == Defect::ack_before_commit) {
            *told = true;
            asio::post(place_.io, [this, slot, early = *outcome]() mutable {
                early.ok = true;
                place_.report.answered(slot, early);
            });
        }
        return done;
    };
    const auto done = co_await place_.store.commit(op.command_class(), std::move(work));
    outcome->ok = done.ok();
    if (!done.ok()) outcome->code = done.error().code;
    if (!done.ok() && done.error().kind == ErrorKind::unavailable) {
        broken_ = true;
    } else {
        if (!*told) place_.report.answered(slot, *outcome);
        remember(op, *outcome);
        if (outcome->ok && outcome->id != 0 && place_.defect > Defect::dropped_token_check)
            co_await play_defect(*outcome);
    }
    if (--under_way_ == 0) rested_.cancel();
}

void Driver::remember(const Op& op, const Outcome& outcome) {
    if (!outcome.ok) return;
    if (outcome.id != 0) {
        known_.push_back(outcome.id);
        keys_[outcome.id] = op.key;
    }
    if (outcome.placed == Placed::follow_up) follow_ups_[op.key] = outcome.id;
    if (op.verb == Verb::start) started_.insert(op.claim.id);
    if (op.verb == Verb::settle || op.verb == Verb::settle_and_enqueue) {
        std::erase_if(claims_, [&](const Claim& claim) { return claim.id == op.claim.id; });
        started_.erase(op.claim.id);
        dead_.push_back(op.claim);
    }
}

/// Once in a while after an enqueue, what its bug would do to the rows.
asio::awaitable<void> Driver::play_defect(Outcome outcome) {
    if (random_.below(8) != 0) co_return;
    const std::string id = std::to_string(outcome.id);
    Work work = [this, id](Transaction& transaction) -> Result<void> {
        SQLite::Database& rows = sqlite::connection_of(transaction).database();
        switch (place_.defect) {
            case Defect::lost_job: rows.exec("DELETE FROM jobs WHERE id = " + id); break;
            case Defect::runs_again:
                rows.exec(
                    "UPDATE jobs SET state = 0, follow_up = 0, key = key || id WHERE id = "
                    "(SELECT max(id) FROM jobs WHERE state = 6)");
                break;
            case Defect::wrong_count: rows.exec("UPDATE lane_counts SET jobs = jobs + 1"); break;
            case Defect::orphan_wait:
                rows.exec(
                    "INSERT OR IGNORE INTO waits SELECT id, 'orphan', 1, lane_id FROM jobs WHERE state >= 6 LIMIT 1");
                break;
            case Defect::two_open_jobs:
                rows.exec("DROP INDEX IF EXISTS jobs_open_key");
                rows.exec("CREATE INDEX jobs_open_key ON jobs (lane_id, key, follow_up) WHERE open = 1");
                break;
            case Defect::old_epoch: rows.exec("UPDATE epochs SET epoch = 1"); break;
            default: break;
        }
        return success();
    };
    const auto done = co_await place_.store.commit(CommandClass::settle, std::move(work));
    if (!done.ok()) broken_ = true;
}

void Driver::claim() {
    const auto kind = place_.store.next_kind(lane_);
    if (!kind) return;
    const std::int64_t now = to_ms(place_.clock.wall_now());
    for (const Claim& claim : place_.store.claim(lane_, *kind, 1 + random_.below(3))) {
        place_.report.claimed(lane_, claim, JobState::waiting, now);
        claims_.push_back(claim);
    }
}

void Driver::claim_unknown() {
    const auto claim = place_.store.claim_unknown(lane_, any_job());
    if (!claim) return;
    place_.report.claimed(lane_, *claim, JobState::unknown, to_ms(place_.clock.wall_now()));
    claims_.push_back(*claim);
    started_.insert(claim->id);  // unknown: not to be handed back as if nothing had happened
}

asio::awaitable<void> Driver::unclaim() {
    const auto found =
        std::find_if(claims_.begin(), claims_.end(), [this](const Claim& each) { return !started_.contains(each.id); });
    if (found == claims_.end()) co_return;
    const Claim given = *found;
    claims_.erase(found);
    dead_.push_back(given);
    place_.store.unclaim(lane_, {given});
    const auto follow_up = follow_ups_.find(keys_[given.id]);
    if (follow_up != follow_ups_.end()) co_await wait_until_folded(follow_up->second);
    if (!broken_) place_.report.unclaimed(lane_, given, to_ms(place_.clock.wall_now()));
}

/// The store folds a follow-up into the job that was handed back on its own, a little later.
asio::awaitable<void> Driver::wait_until_folded(JobId follow_up) {
    bool open = true;
    while (open && !broken_) {
        Work look = [&open, follow_up](Transaction& transaction) -> Result<void> {
            const auto job = transaction.get(follow_up);
            open = job.ok() && job->follow_up && !is_ended(job->state);
            return success();
        };
        const auto looked = co_await place_.store.commit(CommandClass::settle, std::move(look));
        if (!looked.ok()) broken_ = true;
        co_await turn();
    }
}

JobId Driver::any_job() {
    if (known_.empty()) return 0;
    const std::size_t recent = std::min<std::size_t>(known_.size(), 24);
    return known_[known_.size() - 1 - random_.below(recent)];
}

Claim Driver::any_claim() {
    if (!dead_.empty() && (claims_.empty() || random_.below(5) == 0)) return dead_[random_.below(dead_.size())];
    if (claims_.empty()) return {any_job(), 1};
    return claims_[random_.below(claims_.size())];
}

std::vector<Wait> Driver::some_waits() {
    std::vector<Wait> waits;
    for (std::uint64_t left = random_.below(6); left > 3; --left) {
        const std::string key = random_.below(2) == 0 ? any_key() : "w" + std::to_string(random_.below(3));
        const bool twice = std::any_of(waits.begin(), waits.end(), [&](const Wait& wait) { return wait.key == key; });
        if (!twice) waits.push_back({key, 1 + static_cast<std::int64_t>(random_.below(2))});
    }
    return waits;
}

void Driver::enqueue_into(Op& op) {
    op.key = any_key();
    op.body = "b" + std::to_string(place_.slots) + "-" + std::to_string(random_.below(1'000'000));
    if (random_.below(3) == 0) op.padding = random_.below(4'000);
    op.waits = some_waits();
    if (random_.below(4) == 0)
        op.at_ms = to_ms(place_.clock.wall_now()) + static_cast<std::int64_t>(random_.below(100'000));
}

Op Driver::any_op() {
    Op op;
    op.lane = lane_;
    const std::uint64_t what = random_.below(24);
    if (what < 8) {
        op.verb = random_.below(10) == 0 ? Verb::enqueue_rolled_back : Verb::enqueue;
        enqueue_into(op);
    } else if (what < 11) {
        op.verb = Verb::start;
        op.claim = any_claim();
    } else if (what < 17) {
        op.verb = random_.below(4) == 0 ? Verb::settle_and_enqueue : Verb::settle;
        op.claim = any_claim();
        op.how = static_cast<How>(random_.below(kHows));
        if (op.verb == Verb::settle_and_enqueue) enqueue_into(op);
    } else if (what < 19) {
        op.verb = Verb::release;
        op.key = "w" + std::to_string(random_.below(3));
    } else if (what == 19) {
        op.verb = random_.below(3) == 0 ? Verb::pause : Verb::resume;
        if (random_.below(2) == 0) op.at_ms = to_ms(place_.clock.wall_now()) + 10'000;
    } else {
        const Verb verbs[] = {Verb::replay, Verb::cancel, Verb::resolve, Verb::park};
        op.verb = verbs[what - 20];
        op.claim.id = any_job();
    }
    return op;
}

}  // namespace spillway::queue::test
