#include "services/spillwayd/storage_care.hpp"

#include "schema/runtime/log.hpp"

namespace spillway::daemon {

boost::asio::awaitable<bool> check_store(queue::sqlite::SqliteStore& store, queue::sqlite::CheckDepth depth) {
    auto report = co_await store.check(depth);
    if (!report.ok()) co_return false;
    for (const std::string& problem : report->problems) log_error("store_damaged", {{"detail", problem}});
    log_info("store_checked", {{"depth", queue::sqlite::to_string(depth)},
                               {"dur_ms", report->took},
                               {"complete", report->complete},
                               {"damaged", report->damaged()}});
    co_return report->complete || report->damaged();
}

boost::asio::awaitable<void> check_after_start(queue::sqlite::SqliteStore& store, Clock& clock) {
    constexpr Millis kAgain = std::chrono::minutes(10);
    for (;;) {
        const bool checked = co_await check_store(store, queue::sqlite::CheckDepth::quick);
        if (checked) co_return;
        const bool slept = co_await clock.sleep_for(kAgain);
        if (!slept) co_return;
    }
}

}  // namespace spillway::daemon
