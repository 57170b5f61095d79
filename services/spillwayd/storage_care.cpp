#include "services/spillwayd/storage_care.hpp"

#include "schema/runtime/log.hpp"

namespace spillway::daemon {

boost::asio::awaitable<bool> check_quickly(queue::sqlite::SqliteStore& store) {
    auto report = co_await store.check(queue::sqlite::CheckDepth::quick);
    if (!report.ok()) co_return false;
    for (const std::string& problem : report->problems) log_error("store_damaged", {{"detail", problem}});
    log_info("store_checked",
             {{"dur_ms", report->took}, {"complete", report->complete}, {"damaged", report->damaged()}});
    co_return report->complete || report->damaged();
}

boost::asio::awaitable<void> check_after_start(queue::sqlite::SqliteStore& store, Clock& clock) {
    constexpr Millis kAgain = std::chrono::minutes(10);
    for (;;) {
        const bool checked = co_await check_quickly(store);
        if (checked) co_return;
        const bool slept = co_await clock.sleep_for(kAgain);
        if (!slept) co_return;
    }
}

}  // namespace spillway::daemon
