#pragma once
// What can be claimed, in memory: ids by lane, priority and kind, timers, pauses and counts. It only ever follows what
// was committed. Loop thread only; no I/O.

#include <array>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "queue/claims.hpp"
#include "queue/job.hpp"
#include "queue/sorted_chunks.hpp"

namespace spillway::queue {

/// Where a job stands in its row.
struct Place {
    JobState state = JobState::waiting;
    Priority priority = Priority::normal;
    bool follow_up = false;
    std::int64_t kind = 0;
    std::int64_t run_at_ms = 0;  ///< meaningful while scheduled
};

/// One committed transition of one job.
struct Change {
    JobId id = 0;
    std::int64_t lane = 0;
    std::uint64_t token = 0;  ///< of the row afterwards: claims older than it are over
    std::optional<Place> before;
    Place after;
    JobId follows = 0;  ///< a new follow-up: the job it goes after
};

/// Which jobs a hold meets; 0: every lane, every kind.
struct HoldScope {
    std::int64_t lane = 0;
    std::int64_t kind = 0;
    auto operator<=>(const HoldScope&) const = default;
};

struct HoldChange {
    HoldScope scope;
    std::optional<LanePause> pause;  ///< none: lifted
    std::int64_t since_ms = 0;
};

/// An interned name that the storage side has given out.
struct Interned {
    enum class What { lane, kind } what = What::lane;
    std::int64_t id = 0;
    std::string name;
};

class LaneIndex {
 public:
    /// Every this many claims of a lane begin with its lowest priority, so that bulk keeps moving under a flood.
    static constexpr std::uint64_t kFloorEvery = 8;

    LaneIndex(Claims& claims, Tokens& tokens) : claims_(claims), tokens_(tokens) {}

    void learn(const Interned& name);
    void load_count(std::int64_t lane, JobState state, std::int64_t jobs);
    void load(std::int64_t lane, JobId id, const Place& place);
    void apply(const Change& change);
    void apply(HoldChange change);
    /// A change of the lane was rolled back; a claim may have passed over the job meanwhile.
    void touch(std::int64_t lane) { ready_.insert(lane); }

    std::optional<std::string> next_kind(const std::string& lane, WallTime now) const;
    std::optional<Priority> most_urgent(const std::string& lane, WallTime now) const;
    std::vector<JobId> running() const;
    std::vector<Claim> claim(const std::string& lane, const std::string& kind, std::size_t limit, WallTime now);
    std::optional<Claim> claim_unknown(const std::string& lane, JobId id);
    void unclaim(const std::vector<Claim>& claims);

    LaneCounts counts(const std::string& lane) const;
    std::optional<LanePause> pause(const std::string& lane, WallTime now) const;
    std::vector<std::string> lanes() const;

    /// Scheduled jobs whose time has come, earliest first; they leave with the change that promotes them.
    std::vector<JobId> due(WallTime now, std::size_t limit) const;
    std::vector<HoldScope> ended_holds(WallTime now) const;
    std::vector<Hold> holds(WallTime now) const;
    std::int64_t ahead(const std::string& lane, Priority priority, JobId id) const;
    [[nodiscard]] bool claimed(JobId id) const { return held_.contains(id); }
    /// When the next job or pause falls due.
    std::optional<WallTime> next_due() const;

    /// Lanes that may have become able to claim since the last call.
    std::vector<std::string> take_ready();
    /// Idle jobs that have a follow-up, to be folded into one.
    [[nodiscard]] bool has_folds() const { return !folds_.empty(); }
    std::vector<JobId> take_folds() { return std::exchange(folds_, {}); }

 private:
    struct Lane {
        std::string name;
        std::array<std::map<std::int64_t, SortedChunks<JobId>>, 3> waiting;  // by priority, then kind
        std::map<JobId, Place> unknown;
        std::array<std::int64_t, 11> stored{};   // jobs by the state in their row
        std::array<std::int64_t, 11> claimed{};  // of these, claimed now
        std::uint64_t claims_made = 0;
    };
    struct Held {
        std::uint64_t token = 0;
        std::int64_t lane = 0;
        Place place;
        bool has_follow_up = false;
    };
    struct HoldInForce {
        LanePause pause;
        std::int64_t since_ms = 0;
    };
    struct Timer {
        std::int64_t run_at_ms;
        JobId id;
        auto operator<=>(const Timer&) const = default;
    };

    const Lane* find(const std::string& lane) const;
    Lane* find(const std::string& lane);
    static std::array<std::size_t, 3> order(const Lane& lane);
    bool held(HoldScope scope, WallTime now) const;
    /// By a hold of all or of the lane.
    bool paused(std::int64_t lane, WallTime now) const;
    /// By a hold of the kind, in general or in the lane.
    bool kind_held(std::int64_t lane, std::int64_t kind, WallTime now) const;
    void place(std::int64_t lane_id, Lane& lane, JobId id, const Place& place);
    void remove(Lane& lane, JobId id, const Place& place);
    Claim hold(std::int64_t lane_id, Lane& lane, Claim claim, const Place& place);

    Claims& claims_;
    Tokens& tokens_;
    std::unordered_map<std::int64_t, Lane> lanes_;
    std::unordered_map<std::string, std::int64_t> lane_ids_;
    std::unordered_map<std::int64_t, std::string> kinds_;
    std::unordered_map<std::string, std::int64_t> kind_ids_;
    std::unordered_map<JobId, Held> held_;
    SortedChunks<Timer> timers_;
    std::map<HoldScope, HoldInForce> holds_;
    std::unordered_set<std::int64_t> ready_;
    std::vector<JobId> folds_;
};

}  // namespace spillway::queue
