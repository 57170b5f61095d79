#pragma once
// What a store needs once a day, by durable schedules: a quick check, a backup where it is asked for, and the deletion
// of old rows; and once a week a full check. Their jobs are in the lane "storage": listed, explained, parked and
// replayed like any others.

#include <boost/asio/any_io_executor.hpp>

#include "queue/job.hpp"
#include "services/spillwayd/retention_care.hpp"

namespace spillway::daemon {

struct NightlySettings {
    Millis at = std::chrono::hours(2) + std::chrono::minutes(30);  ///< UTC time of day
    int backups = 0;                                               ///< nightly backups kept; 0: none is made
};

/// Loop thread only.
class Nightly {
 public:
    struct Parts {
        queue::sqlite::SqliteStore& store;
        Clock& clock;
        boost::asio::any_io_executor blocking;  ///< for the removal of old backups
        NightlySettings settings;
        RetentionDays keep;
        std::string backup_dir;
    };
    explicit Nightly(Parts parts) : parts_(std::move(parts)) {}

    /// Until cancelled: in a TaskGroup. A night that passed while the service was down is made up for once.
    boost::asio::awaitable<void> run();

 private:
    boost::asio::awaitable<Result<void>> define();
    boost::asio::awaitable<Result<void>> run_due();
    boost::asio::awaitable<void> work_off();
    boost::asio::awaitable<queue::Settlement> carry_out(std::string kind);
    boost::asio::awaitable<queue::Settlement> back_up();
    [[nodiscard]] queue::Settlement again_after(Millis pause) const;

    Parts parts_;
};

}  // namespace spillway::daemon
