#pragma once
// Calls of the sliding 24 hours, counted in 5-minute buckets that can be stored and restored.

#include <deque>
#include <optional>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::pacing {

/// One stored row; a later row of the same bucket replaces an earlier one.
struct DayRow {
    std::int64_t bucket_ms = 0;  ///< wall time at which the bucket began
    int calls = 0;               ///< calls made in it, plus those reserved and not yet made
    bool operator==(const DayRow&) const = default;
};

/// Counting in memory runs on the monotonic clock; wall time only names the stored rows.
///
/// Calls are reserved in blocks of kBlock: a stored row counts the whole block before its calls are made, so a crash
/// can forget none. What was reserved and not used counts as used after a crash, and is given back otherwise.
class DayBudget {
 public:
    static constexpr int kBlock = 20;
    static constexpr Millis kBucket{5 * 60 * 1000};
    static constexpr Millis kDay{24 * 60 * 60 * 1000};
    /// A call counts from its bucket's end, and longer than any call's deadline beyond that: never too short.
    static constexpr Millis kKept = kDay + kBucket + kBucket;

    explicit DayBudget(int calls) : limit_(calls) {}

    /// Rows as they were stored. Rows of the future (the wall clock went back) count for a full day from now.
    void restore(SteadyTime now, WallTime wall, const std::vector<DayRow>& rows);
    /// The rows to be stored before the next call may go: none while the block in hand lasts.
    std::vector<DayRow> reserve(SteadyTime now, WallTime wall);
    /// Everything that is still counted, for a store that keeps nothing yet. Rows not listed may be deleted.
    [[nodiscard]] std::vector<DayRow> rows() const;

    /// The block in hand may not have been stored: the next reserve() returns its row again.
    void forget_block() { block_left_ = 0; }
    /// The server says when calls may go again, whatever we count: from `when` on those made up to now are over.
    void over_at(SteadyTime when, SteadyTime now) { over_ = Over{when, now}; }

    void advance(SteadyTime now);
    void count(SteadyTime now);
    /// The server's word wins: fewer left than we think counts as calls made now, more forgets the oldest.
    /// @param overlapping  calls that the server's figure may not hold yet.
    void server_says(SteadyTime now, int remaining, int overlapping);

    [[nodiscard]] int used() const { return used_; }
    [[nodiscard]] int left() const { return used_ >= limit_ ? 0 : limit_ - used_; }
    [[nodiscard]] int limit() const { return limit_; }
    /// When `wanted` calls will be left, by our own count.
    [[nodiscard]] SteadyTime left_at(SteadyTime now, int wanted) const;

 private:
    struct Bucket {
        SteadyTime began;
        std::int64_t wall_ms = 0;  // 0: not named yet
        int calls = 0;
        bool stale = false;  // its stored row counts more calls
    };
    struct Over {
        SteadyTime when, made_until;
    };
    Bucket& bucket_at(SteadyTime now);

    int limit_;
    int used_ = 0;
    int block_left_ = 0;  // reserved and not made, of the newest stored bucket
    std::deque<Bucket> buckets_;
    std::optional<Over> over_;
};

}  // namespace spillway::pacing
