// Whatever the traffic, the losses and the restarts: in no span does any window hold more calls than its limit,
// wherever between send and answer the server counted each of them.
#include <gtest/gtest.h>

#include <deque>

#include "connectors/pacing/pacer.hpp"
#include "schema/random.hpp"

namespace spillway::pacing {
namespace {

/// An observer that knows nothing of the pacer: at every send it counts the calls that the server may still have in
/// mind.
class Observer {
 public:
    Observer(int limit, Millis span) : limit_(limit), span_(span) {}

    std::uint64_t sent(SteadyTime now) {
        std::erase_if(done_, [&](SteadyTime counted) { return counted + span_ <= now; });
        worst_ = std::max(worst_, static_cast<int>(done_.size()) + ++under_way_);
        return 0;
    }
    /// @param latest  the last moment at which the server can have counted it.
    void over(SteadyTime latest) {
        --under_way_;
        done_.push_back(latest);
    }
    void never_sent() { --under_way_; }
    [[nodiscard]] int worst() const { return worst_; }
    [[nodiscard]] int limit() const { return limit_; }

 private:
    int limit_, under_way_ = 0, worst_ = 0;
    Millis span_;
    std::deque<SteadyTime> done_;
};

struct Flying {
    Pacer::Ticket ticket;
    SteadyTime deadline, ends;
    Ended how;
    CallClass call_class;
};

LimitProfile profile_of(bool qbo) {
    LimitProfile profile;
    if (qbo)
        profile.windows = {{.name = "minute", .calls = 500},
                           {.name = "second", .calls = 10, .span = Millis{1000}},
                           {.name = "batch_minute", .calls = 40, .batch_only = true}};
    else
        profile.windows = {{.name = "minute", .calls = 60}};
    profile.concurrent = qbo ? 10 : 5;
    return profile;
}

class Month {
 public:
    Month(bool qbo, std::uint64_t seed) : profile_(profile_of(qbo)), random_(seed) {
        for (const auto& rule : profile_.windows) observers_.emplace_back(rule.calls, rule.span);
        start(/*restart=*/false);
    }

    void run(int calls) {
        while (made_ < calls) {
            if (random_.below(4000) == 0) crash();
            land();
            if (!try_call())
                now_ += Millis{1 + static_cast<std::int64_t>(random_.below(profile_.concurrent > 5 ? 60 : 400))};
        }
    }
    [[nodiscard]] const std::vector<Observer>& observers() const { return observers_; }
    [[nodiscard]] int restarts() const { return restarts_; }
    [[nodiscard]] std::size_t worst_in_flight() const { return worst_in_flight_; }

 private:
    void start(bool restart) {
        app_ = std::make_unique<AppBudget>(profile_);
        pacer_ = std::make_unique<Pacer>(profile_, *app_);
        if (restart) pacer_->start_full(now_);
    }
    void crash() {  // the process dies: what flew was counted by now, as its connections died with it
        for (const Flying& call : flying_) each(call.call_class, [&](Observer& observer) { observer.over(now_); });
        flying_.clear();
        now_ += Millis{static_cast<std::int64_t>(random_.below(3000))};
        start(/*restart=*/true);
        ++restarts_;
    }
    void land() {
        std::erase_if(flying_, [&](const Flying& call) {
            if (call.ends > now_) return false;
            pacer_->end(call.ticket, now_, {}, call.how);
            each(call.call_class, [&](Observer& observer) {
                if (call.how == Ended::not_sent) return observer.never_sent();
                observer.over(call.how == Ended::answered ? now_ : std::max(now_, call.deadline));
            });
            return true;
        });
    }
    bool try_call() {
        const auto call_class = static_cast<CallClass>(random_.below(3));
        const auto urgency = static_cast<Urgency>(random_.below(3));
        if (!pacer_->ask(now_, call_class, urgency).go) return false;
        const SteadyTime deadline = now_ + Millis{5000};
        const auto ticket = pacer_->begin(now_, deadline, call_class, urgency);
        each(call_class, [&](Observer& observer) { observer.sent(now_); });
        const auto fate = random_.below(20);
        const Ended how = fate == 0 ? Ended::lost : fate == 1 ? Ended::not_sent : Ended::answered;
        const Millis takes{static_cast<std::int64_t>(random_.below(random_.below(10) == 0    ? 5000
                                                                   : profile_.concurrent > 5 ? 30
                                                                                             : 300))};
        flying_.push_back({ticket, deadline, now_ + takes, how, call_class});
        worst_in_flight_ = std::max(worst_in_flight_, flying_.size());
        ++made_;
        return true;
    }
    template <class Do>
    void each(CallClass call_class, Do what) {
        for (std::size_t i = 0; i < observers_.size(); ++i)
            if (!profile_.windows[i].batch_only || call_class == CallClass::batch) what(observers_[i]);
    }

    LimitProfile profile_;
    SeededRandom random_;
    SteadyTime now_{Millis{1'000'000}};
    std::unique_ptr<AppBudget> app_;
    std::unique_ptr<Pacer> pacer_;
    std::vector<Observer> observers_;
    std::vector<Flying> flying_;
    std::size_t worst_in_flight_ = 0;
    int made_ = 0, restarts_ = 0;
};

class PacerProperty : public testing::TestWithParam<bool> {};
TEST_P(PacerProperty, NoSpanEverHoldsMoreThanTheLimit) {
    Month month(GetParam(), 20101201);
    month.run(100'000);
    EXPECT_GT(month.restarts(), 10);
    EXPECT_LE(month.worst_in_flight(), GetParam() ? 10u : 5u);
    for (const Observer& observer : month.observers()) {
        EXPECT_LE(observer.worst(), observer.limit());
        EXPECT_GE(observer.worst(), observer.limit() * 2 / 3) << "the limit was never tried";
    }
}
INSTANTIATE_TEST_SUITE_P(Providers, PacerProperty, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "qbo" : "xero"); });

}  // namespace
}  // namespace spillway::pacing
