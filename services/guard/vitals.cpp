#include "services/guard/vitals.hpp"

namespace spillway::guard {
namespace {

using Level = Notice::Level;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kSessionsPerCent = 90;
constexpr std::int64_t kLockWaits = 5;
constexpr Millis kOldSnapshot = hours(1);
constexpr Millis kReplicaLag = minutes(1);
// Ten times what makes the shipped outbox's autovacuum begin: it does not get through.
constexpr std::int64_t kDeadRows = 100'000;
// PostgreSQL refuses transactions at 2^31, less three million.
constexpr std::int64_t kXidAgeAlert = 1'000'000'000;
constexpr std::int64_t kXidAgePage = 1'600'000'000;

std::string minutes_text(Millis span) { return std::to_string(span.count() / 60'000) + " minutes"; }

std::string joined(const std::vector<std::string>& names) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

}  // namespace

std::string_view to_string(Measure measure) {
    switch (measure) {
        case Measure::activity: return "activity";
        case Measure::copies: return "copies";
        case Measure::outbox: return "outbox";
        case Measure::indexes: return "indexes";
        case Measure::ages: return "ages";
    }
    return "";
}

void Signs::set(bool out_of_bounds, Millis lasts, Notice notice) {
    if (!out_of_bounds) {
        signs_.erase(notice.code);
        return;
    }
    Sign& sign = signs_.try_emplace(notice.code, Sign{now_, {}, lasts}).first->second;
    sign.notice = std::move(notice);
}

void Signs::look(SteadyTime now, const Vitals& vitals) {
    now_ = now;
    const std::int64_t sessions = vitals.sessions.value_or(0);
    const std::int64_t most = vitals.sessions_max.value_or(0);
    set(most > 0 && sessions * 100 >= most * kSessionsPerCent, seconds(30),
        {Level::alert, "payment_db_sessions",
         std::to_string(sessions) + " of " + std::to_string(most) + " connections are taken"});
    const std::int64_t waiting = vitals.waiting_for_locks.value_or(0);
    set(waiting >= kLockWaits, seconds(60),
        {Level::alert, "payment_db_lock_waits", std::to_string(waiting) + " sessions wait for locks"});
    const Millis oldest = vitals.oldest_snapshot.value_or(Millis{});
    set(oldest >= kOldSnapshot, Millis{},
        {Level::alert, "payment_db_old_snapshot",
         vitals.oldest_who + " has held a snapshot for " + minutes_text(oldest) + ": vacuum waits for it"});
    const Millis lag = vitals.replica_lag.value_or(Millis{});
    set(lag >= kReplicaLag, minutes(2),
        {Level::alert, "payment_db_replica_lag",
         "a replica is " + std::to_string(lag.count() / 1'000) + " s behind the payments"});
    const std::int64_t dead = vitals.outbox_dead_rows.value_or(0);
    set(dead >= kDeadRows && dead >= 4 * vitals.outbox_rows.value_or(0), minutes(10),
        {Level::alert, "outbox_dead_rows",
         std::to_string(dead) + " dead rows beside " + std::to_string(vitals.outbox_rows.value_or(0)) +
             " in the outbox: vacuum does not get through"});
    const auto invalid = vitals.invalid_indexes.value_or(std::vector<std::string>{});
    // One that is being built is invalid for a while, too.
    set(!invalid.empty(), hours(1), {Level::alert, "payment_db_index_invalid", joined(invalid)});
    const std::int64_t age = vitals.xid_age.value_or(0);
    set(age >= kXidAgeAlert, Millis{},
        {age >= kXidAgePage ? Level::page : Level::alert, "payment_db_xid_age",
         "the oldest rows are " + std::to_string(age / 1'000'000) +
             " million transactions old; the database stops at 2,147 million"});
}

std::vector<Notice> Signs::notices() const {
    std::vector<Notice> out;
    for (const auto& [code, sign] : signs_)
        if (now_ - sign.since >= sign.lasts) out.push_back(sign.notice);
    return out;
}

}  // namespace spillway::guard
