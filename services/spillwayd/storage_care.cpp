#include "services/spillwayd/storage_care.hpp"

#include "schema/runtime/log.hpp"

namespace spillway::daemon {

namespace {

constexpr Millis kBetweenChecks = std::chrono::hours(24);
constexpr Millis kAgain = std::chrono::minutes(10);  ///< when something else was under way, or the log grew too long

boost::asio::awaitable<bool> check(queue::sqlite::SqliteStore& store) {
    auto report = co_await store.check(queue::sqlite::CheckDepth::quick);
    if (!report.ok()) co_return false;
    for (const std::string& problem : report->problems) log_error("store_damaged", {{"detail", problem}});
    log_info("store_checked",
             {{"dur_ms", report->took}, {"complete", report->complete}, {"damaged", report->damaged()}});
    co_return report->complete || report->damaged();
}

}  // namespace

boost::asio::awaitable<void> look_after(queue::sqlite::SqliteStore& store, Clock& clock) {
    for (;;) {
        const bool checked = co_await check(store);
        const bool slept = co_await clock.sleep_for(checked ? kBetweenChecks : kAgain);
        if (!slept) co_return;
    }
}

}  // namespace spillway::daemon
