#pragma once
// What a look at the payment database from outside shows, besides its latency; and which of it people must know.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "services/guard/notice.hpp"

namespace spillway::guard {

/// Looked at one by one: each is one short statement.
enum class Measure { activity, copies, outbox, indexes, ages };
inline constexpr Measure kMeasures[] = {Measure::activity, Measure::copies, Measure::outbox, Measure::indexes,
                                        Measure::ages};
/// "activity", "copies" ...
std::string_view to_string(Measure measure);

struct Vitals {
    // activity
    std::optional<std::int64_t> sessions{}, sessions_max{};
    std::optional<std::int64_t> active{}, idle_in_transaction{}, waiting_for_locks{};
    std::optional<Millis> oldest_snapshot{};  ///< of the transaction that vacuum has to wait for
    std::string oldest_who{};                 ///< "pid 4711, user billing, application month-end, idle in transaction"
    // copies
    std::optional<bool> replica{};
    std::optional<std::int64_t> replicas{};
    std::optional<Millis> replica_lag{};  ///< the greatest; of a replica its own
    // outbox
    std::optional<std::int64_t> outbox_rows{}, outbox_dead_rows{};
    // indexes
    std::optional<std::vector<std::string>> invalid_indexes{};
    // ages
    std::optional<std::int64_t> xid_age{};  ///< of the database whose oldest row is the oldest

    /// Why a measure is missing: `not_visible` (the role may not see it), `too_slow`, `not_there` (no outbox).
    std::map<Measure, std::string> missing{};
};

/// Which vitals are out of bounds for so long that somebody must know.
class Signs {
 public:
    void look(SteadyTime now, const Vitals& vitals);
    [[nodiscard]] std::vector<Notice> notices() const;

 private:
    struct Sign {
        SteadyTime since{};
        Notice notice;
        Millis lasts{};
    };
    void set(bool out_of_bounds, Millis lasts, Notice notice);

    SteadyTime now_{};
    std::map<std::string, Sign> signs_{};
};

}  // namespace spillway::guard
