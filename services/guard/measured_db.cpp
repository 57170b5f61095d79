#include "services/guard/measured_db.hpp"

namespace spillway::guard {

namespace asio = boost::asio;
using namespace relay;

namespace {

class MeasuredSession final : public PaymentSession {
 public:
    MeasuredSession(std::unique_ptr<PaymentSession> inner, Clock& clock, Report report)
        : inner_(std::move(inner)), clock_(clock), report_(std::move(report)) {}

    asio::awaitable<Result<Identity>> identify() override { return timed(Reading::Of::rows, inner_->identify()); }
    asio::awaitable<Result<Snapshot>> snapshot() override { return timed(Reading::Of::trivial, inner_->snapshot()); }
    asio::awaitable<Result<std::vector<Key>>> keys_of(std::vector<Xid> xids, std::size_t limit) override {
        return timed(Reading::Of::rows, inner_->keys_of(std::move(xids), limit));
    }
    asio::awaitable<Result<std::vector<Key>>> keys_between(KeyRange range) override {
        return timed(Reading::Of::rows, inner_->keys_between(range));
    }
    asio::awaitable<Result<std::vector<OutboxRow>>> rows(std::vector<std::int64_t> ids) override {
        return timed(Reading::Of::rows, inner_->rows(std::move(ids)));
    }
    asio::awaitable<Result<std::vector<Holder>>> holders() override {
        return timed(Reading::Of::rows, inner_->holders());
    }
    void close() override { inner_->close(); }

 private:
    template <class T>
    asio::awaitable<Result<T>> timed(Reading::Of of, asio::awaitable<Result<T>> verb) {
        const SteadyTime begin = clock_.steady_now();
        auto answer = co_await std::move(verb);
        report_({of, clock_.steady_now() - begin, answer.ok() ? "" : answer.error().code});
        co_return answer;
    }

    std::unique_ptr<PaymentSession> inner_;
    Clock& clock_;
    Report report_;
};

class MeasuredDb final : public PaymentDb {
 public:
    MeasuredDb(PaymentDb& inner, Clock& clock, Report report)
        : inner_(inner), clock_(clock), report_(std::move(report)) {}

    asio::awaitable<Result<std::unique_ptr<PaymentSession>>> open() override {
        const SteadyTime begin = clock_.steady_now();
        auto session = co_await inner_.open();
        report_({Reading::Of::opening, clock_.steady_now() - begin, session.ok() ? "" : session.error().code});
        if (!session.ok()) co_return session;
        std::unique_ptr<PaymentSession> measured =
            std::make_unique<MeasuredSession>(*std::move(session), clock_, report_);
        co_return measured;
    }
    void abort() override { inner_.abort(); }

 private:
    PaymentDb& inner_;
    Clock& clock_;
    Report report_;
};

}  // namespace

std::unique_ptr<PaymentDb> measure(PaymentDb& db, Clock& clock, Report report) {
    return std::make_unique<MeasuredDb>(db, clock, std::move(report));
}

}  // namespace spillway::guard
