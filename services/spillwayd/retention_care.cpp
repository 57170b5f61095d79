#include "services/spillwayd/retention_care.hpp"

#include "schema/runtime/log.hpp"
#include "services/store/retention.hpp"

namespace spillway::daemon {

namespace {

constexpr Millis kPause{50};      ///< ten times what a step takes
constexpr Millis kAgain{60'000};  ///< when the disk is short

std::optional<WallTime> days_ago(WallTime now, int days) {
    if (days == 0) return std::nullopt;
    return now - std::chrono::hours(24 * days);
}

}  // namespace

boost::asio::awaitable<std::int64_t> sweep(queue::sqlite::SqliteStore& store, Clock& clock, RetentionDays keep) {
    const WallTime now = clock.wall_now();
    const store::Retention retention{days_ago(now, keep.jobs), days_ago(now, keep.audit)};
    auto cursor = std::make_shared<store::RetentionCursor>();
    std::int64_t deleted = 0;
    for (;;) {
        std::function<Result<std::int64_t>(queue::Transaction&)> step = [retention,
                                                                         cursor](queue::Transaction& transaction) {
            return Result<std::int64_t>(store::retention_step(transaction, retention, *cursor));
        };
        const auto rows = co_await store.commit_value<std::int64_t>(queue::CommandClass::intake, std::move(step));
        if (rows.ok() && *rows == 0) break;
        if (rows.ok()) deleted += *rows;
        const bool slept = co_await clock.sleep_for(rows.ok() ? kPause : kAgain);
        if (!slept) co_return deleted;
    }
    if (deleted > 0) log_info("old_rows_deleted", {{"rows", deleted}});
    co_return deleted;
}

}  // namespace spillway::daemon
