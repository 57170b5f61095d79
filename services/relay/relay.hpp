#pragma once
// Reads the payment database's outbox into our store: exactly once, in order, and always ready to leave.

#include <map>

#include "schema/runtime/signal.hpp"
#include "services/relay/control.hpp"
#include "services/relay/delta.hpp"
#include "services/relay/intake.hpp"

namespace spillway::relay {

struct Limits {
    std::size_t rows_max = 500;  ///< of one page; fewer while statements are slow
    Walk::Bounds walk{};
    Millis poll_min{50}, poll_max{500};  ///< between two looks at an outbox without news; doubles from one to the other
    Millis session_max{4'500};           ///< a session is left before it is five seconds old
    Millis statement_target{20};         ///< pages shrink when a statement takes longer
    Millis retry_min{250}, retry_max{10'000};
    Millis holder_alert{60'000};       ///< a transaction that stays open for so long is named
    Millis unreachable_alert{60'000};  ///< so is a payment database that cannot be read
    std::chrono::days remember{45};    ///< event ids; longer than the platform keeps rows
    std::chrono::hours rows_kept{24};  ///< the platform deletes no younger row
};

/// Loop thread only.
class Relay final : public Control {
 public:
    struct Parts {
        boost::asio::any_io_executor executor;
        PaymentDb& db;
        queue::sqlite::SqliteStore& store;
        Clock& clock;
        Limits limits{};
        /// Whether records that were acknowledged elsewhere are not in the store yet: what is taken in now would
        /// overtake them. May be empty.
        std::function<bool()> stands_back{};
    };
    explicit Relay(Parts parts);
    ~Relay() override;

    /// Reads where it stands. Errors: the store's.
    boost::asio::awaitable<Result<void>> load();
    /// Reads until cancelled. Spawn once, join before this object dies.
    boost::asio::awaitable<void> run();
    /// One step of it: never fails. @return how long to wait before the next.
    boost::asio::awaitable<Millis> step();

    boost::asio::awaitable<Result<void>> release() override;
    boost::asio::awaitable<Result<void>> resume(bool reread) override;
    [[nodiscard]] Status status() const override;
    void slow_down(Millis between_reads) override { pace_ = between_reads; }

 private:
    enum class More { now, later };

    // reading.cpp
    boost::asio::awaitable<Result<More>> work();
    boost::asio::awaitable<Result<void>> enter();
    boost::asio::awaitable<Result<void>> check_identity();
    boost::asio::awaitable<Result<void>> check_imported(Snapshot now);
    boost::asio::awaitable<Result<void>> apply_verdict(Verdict verdict, Identity identity);
    boost::asio::awaitable<Result<void>> read_again(Identity identity, std::optional<Alarm> alarm);
    boost::asio::awaitable<Result<void>> next_target();
    boost::asio::awaitable<Result<void>> list_ids();
    boost::asio::awaitable<Result<More>> finish_step();
    boost::asio::awaitable<Result<More>> take_page();
    boost::asio::awaitable<Result<std::vector<OutboxRow>>> fetch(std::vector<std::int64_t> ids);
    boost::asio::awaitable<Result<void>> take_in(std::vector<OutboxRow> rows, Cursor next);
    boost::asio::awaitable<Result<Taken>> commit_rows(std::vector<CheckedRow> rows, Cursor next);
    boost::asio::awaitable<Result<Taken>> commit_one_by_one(std::vector<CheckedRow> rows, Cursor next);
    boost::asio::awaitable<Result<void>> save(Cursor cursor, std::optional<Alarm> alarm);
    boost::asio::awaitable<void> look_for_holder(Snapshot now);
    boost::asio::awaitable<Result<void>> keep_alarm(Alarm alarm);
    void adapt_page(Millis statement);
    void note_gone(std::size_t rows);

    // relay.cpp
    void leave();
    void leave_before(Millis pause);
    void forget_step();
    [[nodiscard]] bool session_is_old() const;
    Millis after_success(More more);
    Millis after_failure(const Error& error);
    void enter_state(std::string state, std::string waits_for, std::string detail);
    [[nodiscard]] std::vector<Alert> alerts() const;

    PaymentDb& db_;
    queue::sqlite::SqliteStore& store_;
    Clock& clock_;
    const Limits limits_;
    const std::function<bool()> stands_back_;

    std::optional<Cursor> cursor_{};
    std::optional<Alarm> alarm_{};
    bool released_ = false;
    int releases_ = 0;           ///< asked for by this process
    bool stopped_ = false;       ///< another database: a person decides
    bool accept_other_ = false;  ///< a person has: the next unknown database is ours
    bool reread_asked_ = false;

    std::unique_ptr<PaymentSession> session_{};
    SteadyTime session_since_{};
    std::optional<Walk> walk_{};
    std::vector<std::int64_t> ids_{};  ///< of the step, ascending, descending from the back: next is back()
    bool listed_ = false, more_behind_ = false;
    std::size_t page_rows_;
    Millis pace_{};
    Millis pause_{};
    int failures_ = 0;
    SteadyTime saved_at_{};

    Status status_{};
    SteadyTime state_since_{};
    SteadyTime complete_at_{};
    std::optional<std::pair<Xid, SteadyTime>> oldest_{};  ///< the oldest open transaction and since when it is seen
    SteadyTime holder_asked_{};
    Signal wake_;
};

}  // namespace spillway::relay
