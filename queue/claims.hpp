#pragma once
// Who may change a job right now: the loop claims jobs, the storage thread holds those it is changing. Both sides look
// here under one mutex, so that a job can never be claimed with a body that a commit under way is about to replace.

#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "queue/job.hpp"
#include "schema/assert.hpp"

namespace spillway::queue {

/// Fencing tokens that rise for ever: the store's epoch above, a serial below. Any thread.
class Tokens {
 public:
    void begin_epoch(std::uint32_t epoch) {
        epoch_ = epoch;
        serial_ = 0;
    }
    [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
    std::uint64_t next() {
        const std::uint32_t serial = ++serial_;
        SPILLWAY_ASSERT(serial != 0);
        return (static_cast<std::uint64_t>(epoch_) << 32) | serial;
    }

 private:
    std::uint32_t epoch_ = 0;  // set once, before any thread starts
    std::atomic<std::uint32_t> serial_{0};
};

/// Any thread. A claim lives while its token is at least the token of the row's last transition.
class Claims {
 public:
    /// Storage: no claim of the job begins until `release`. False while a claim of it lives; then nothing is held.
    bool try_hold(JobId id, std::uint64_t row_token) {
        const std::lock_guard lock(mutex_);
        if (lives(id, row_token)) return false;
        ++held_[id];
        return true;
    }
    bool claimed(JobId id, std::uint64_t row_token) const {
        const std::lock_guard lock(mutex_);
        return lives(id, row_token);
    }
    /// Exactly this claim is the current one.
    bool current(const Claim& claim) const {
        const std::lock_guard lock(mutex_);
        const auto found = claimed_.find(claim.id);
        return found != claimed_.end() && found->second == claim.token;
    }

    /// Loop: false when the storage thread holds the job.
    bool take(const Claim& claim) {
        const std::lock_guard lock(mutex_);
        if (held_.contains(claim.id)) return false;
        claimed_[claim.id] = claim.token;
        return true;
    }
    void drop(JobId id) {
        const std::lock_guard lock(mutex_);
        claimed_.erase(id);
    }
    /// Once per successful try_hold, after the group's changes have reached the loop's index.
    void release(const std::vector<JobId>& held) {
        const std::lock_guard lock(mutex_);
        for (const JobId id : held) {
            const auto found = held_.find(id);
            if (found != held_.end() && --found->second == 0) held_.erase(found);
        }
    }

 private:
    bool lives(JobId id, std::uint64_t row_token) const {
        const auto found = claimed_.find(id);
        return found != claimed_.end() && found->second >= row_token;
    }

    mutable std::mutex mutex_;
    std::unordered_map<JobId, std::uint64_t> claimed_;
    std::unordered_map<JobId, int> held_;
};

}  // namespace spillway::queue
