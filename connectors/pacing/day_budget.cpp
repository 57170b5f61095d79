#include "connectors/pacing/day_budget.hpp"

#include <algorithm>

namespace spillway::pacing {

DayBudget::Bucket& DayBudget::bucket_at(SteadyTime now) {
    if (buckets_.empty() || now - buckets_.back().began >= kBucket) buckets_.push_back({now});
    return buckets_.back();
}

void DayBudget::advance(SteadyTime now) {
    while (!buckets_.empty() && now - buckets_.front().began >= kKept) {
        used_ -= buckets_.front().calls;
        buckets_.pop_front();
    }
    if (!over_ || now < over_->when) return;
    for (Bucket& bucket : buckets_) {
        if (bucket.began > over_->made_until) continue;
        used_ -= bucket.calls;
        bucket.calls = 0;
        bucket.stale = bucket.wall_ms != 0;
    }
    over_.reset();
}

void DayBudget::count(SteadyTime now) {
    ++bucket_at(now).calls;
    ++used_;
    block_left_ = std::max(0, block_left_ - 1);
}

std::vector<DayRow> DayBudget::reserve(SteadyTime now, WallTime wall) {
    std::vector<DayRow> rows;
    const bool moved_on = buckets_.empty() || buckets_.back().wall_ms == 0 || now - buckets_.back().began >= kBucket;
    if (block_left_ > 0 && !moved_on) return rows;
    if (block_left_ > 0) {  // the old bucket's row counts calls that will never be made in it
        const auto stored =
            std::find_if(buckets_.rbegin(), buckets_.rend(), [](const Bucket& bucket) { return bucket.wall_ms != 0; });
        if (stored != buckets_.rend()) rows.push_back({stored->wall_ms, stored->calls});
        block_left_ = 0;
    }
    Bucket& bucket = bucket_at(now);
    for (Bucket& other : buckets_) {
        if (other.stale && &other != &bucket) rows.push_back({other.wall_ms, other.calls});
        other.stale = false;
    }
    if (bucket.wall_ms == 0) {
        bucket.wall_ms = to_ms(wall);
        // Two buckets of one name would overwrite each other's row; a clock that stood still or went back makes them.
        for (const Bucket& other : buckets_)
            if (&other != &bucket && other.wall_ms >= bucket.wall_ms) bucket.wall_ms = other.wall_ms + 1;
    }
    block_left_ = kBlock;
    rows.push_back({bucket.wall_ms, bucket.calls + kBlock});
    return rows;
}

void DayBudget::restore(SteadyTime now, WallTime wall, const std::vector<DayRow>& rows) {
    std::vector<DayRow> sorted = rows;
    std::sort(sorted.begin(), sorted.end(), [](const DayRow& a, const DayRow& b) { return a.bucket_ms < b.bucket_ms; });
    for (const DayRow& row : sorted) {
        const Millis age = std::max(Millis{0}, Millis{to_ms(wall) - row.bucket_ms});
        if (age >= kKept) continue;
        buckets_.push_back({now - age, row.bucket_ms, row.calls, false});
        used_ += row.calls;
    }
}

std::vector<DayRow> DayBudget::rows() const {
    std::vector<DayRow> rows;
    for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
        if (bucket->wall_ms == 0) continue;
        rows.push_back({bucket->wall_ms, bucket->calls + (rows.empty() ? block_left_ : 0)});
    }
    std::reverse(rows.begin(), rows.end());
    return rows;
}

void DayBudget::server_says(SteadyTime now, int remaining, int overlapping) {
    advance(now);
    if (const int excess = left() - std::max(remaining, 0); excess > 0) {
        bucket_at(now).calls += excess;
        used_ += excess;
        return;
    }
    int forgotten = std::min(remaining - overlapping - left(), used_);
    for (auto bucket = buckets_.begin(); forgotten > 0 && bucket != buckets_.end(); ++bucket) {
        const int part = std::min(forgotten, bucket->calls);
        bucket->calls -= part;
        used_ -= part;
        forgotten -= part;
    }
}

SteadyTime DayBudget::left_at(SteadyTime now, int wanted) const {
    int left_then = limit_ - used_;
    if (left_then >= wanted) return now;
    for (const Bucket& bucket : buckets_) {
        left_then += bucket.calls;
        if (left_then >= wanted) return bucket.began + kKept;
    }
    return now + kKept;
}

}  // namespace spillway::pacing
