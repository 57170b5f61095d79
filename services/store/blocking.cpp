#include "services/store/blocking.hpp"

#include <algorithm>
#include <set>

namespace spillway::store {
namespace {

// States are the numbers of queue/job.hpp: 2 blocked, 5 parked, below 6 open.

struct Edge {
    Blocker to;
    bool goes_on = false;  ///< `to` is blocked itself
};

/// What one job waits for; a follow-up also for the job that it follows.
std::vector<Edge> edges_of(Connection& connection, queue::JobId id) {
    return rows(
        query(
            connection,
            "SELECT w.key, o.id, o.state, o.cause FROM waits w LEFT JOIN jobs o INDEXED BY jobs_open_key ON o.open = 1"
            " AND o.lane_id = w.lane_id AND o.key = w.key AND o.follow_up = 0 WHERE w.job_id = ?1"
            " UNION ALL SELECT o.key, o.id, o.state, o.cause FROM jobs f JOIN jobs o INDEXED BY jobs_open_key ON "
            "o.open = 1"
            " AND o.lane_id = f.lane_id AND o.key = f.key AND o.follow_up = 0"
            " WHERE f.id = ?1 AND f.follow_up = 1",
            id),
        [](SQLite::Statement& row) {
            Edge edge;
            edge.to.key = text(row, 0);
            edge.to.job = integer_or_none(row, 1);
            if (edge.to.job) {
                edge.to.state = static_cast<queue::JobState>(integer(row, 2));
                edge.to.cause = text(row, 3);
            }
            edge.goes_on = edge.to.state == queue::JobState::blocked;
            return edge;
        });
}

/// The lower, the more it needs a person.
int rank(const Blocker& root) {
    if (root.state == queue::JobState::parked) return 0;
    if (root.key == kPostingKey) return 2;
    return root.job ? 3 : 1;
}

std::optional<Blocker> find_root(Connection& connection, queue::JobId from) {
    std::optional<Blocker> best;
    std::vector<queue::JobId> next{from};
    std::set<queue::JobId> seen{from};
    for (std::size_t at = 0; at < next.size(); ++at) {
        for (Edge& edge : edges_of(connection, next[at])) {
            if (edge.goes_on) {
                const bool room = static_cast<std::int64_t>(seen.size()) < kBlockedMax;
                if (room && seen.insert(*edge.to.job).second) next.push_back(*edge.to.job);
                continue;
            }
            if (!best || rank(edge.to) < rank(*best)) best = std::move(edge.to);
            if (rank(*best) == 0) return best;
        }
    }
    return best;
}

struct Behind {
    queue::JobId id = 0;
    std::string key;
    bool follow_up = false;
};

/// Blocked jobs that wait for `key` itself, and the follow-up of its job.
std::vector<Behind> directly_behind(Connection& connection, const std::string& lane, const std::string& key) {
    return rows(query(connection,
                      "SELECT j.id, j.key, j.follow_up FROM waits w CROSS JOIN jobs j ON j.id = w.job_id"
                      " WHERE w.lane_id = (SELECT id FROM lanes WHERE name = ?1) AND w.key = ?2 AND j.state = 2"
                      " UNION ALL SELECT j.id, j.key, 1 FROM jobs j INDEXED BY jobs_open_key WHERE j.open = 1"
                      " AND j.lane_id = (SELECT id FROM lanes WHERE name = ?1) AND j.key = ?2 AND j.follow_up = 1"
                      " LIMIT ?3",
                      lane, key, kBlockedMax + 1),
                [](SQLite::Statement& row) { return Behind{integer(row, 0), text(row, 1), flag(row, 2)}; });
}

/// How many jobs of the lane wait for `key`, directly or not; one more than kBlockedMax at most.
std::int64_t count_behind(Connection& connection, const std::string& lane, const std::string& key) {
    constexpr std::size_t kEnough = static_cast<std::size_t>(kBlockedMax) + 1;
    std::set<queue::JobId> seen;
    std::vector<std::string> keys{key};
    for (std::size_t at = 0; at < keys.size() && seen.size() < kEnough; ++at) {
        for (Behind& behind : directly_behind(connection, lane, keys[at])) {
            // Who waits for the key of a follow-up waits for the job that it follows.
            const bool fresh = seen.insert(behind.id).second;
            if (fresh && !behind.follow_up) keys.push_back(std::move(behind.key));
            if (seen.size() >= kEnough) break;
        }
    }
    return static_cast<std::int64_t>(seen.size());
}

#define SPILLWAY_ORPHAN                                                                                               \
    " AND j.state = 2 AND j.state NOT IN (0, 4) AND j.changed_ms < ?2 AND j.follow_up = 0 AND EXISTS (SELECT 1 FROM " \
    "waits w WHERE"                                                                                                   \
    " w.job_id = j.id AND w.key <> 'posting' AND NOT EXISTS (SELECT 1 FROM jobs o INDEXED BY"                         \
    " jobs_open_key WHERE o.open = 1 AND o.lane_id = w.lane_id AND o.key = w.key))"                                   \
    " ORDER BY j.changed_ms, j.id LIMIT ?3"

}  // namespace

std::optional<Blocker> blocker_of(Connection& connection, const queue::Job& job) {
    if (job.state != queue::JobState::blocked) return std::nullopt;
    auto root = find_root(connection, job.id);
    if (!root) return std::nullopt;
    const std::int64_t behind = count_behind(connection, job.lane, root->key);
    root->blocks = std::min(behind, kBlockedMax);
    root->more = behind > kBlockedMax;
    return root;
}

std::vector<queue::JobId> orphans(Connection& connection, const std::optional<std::string>& lane, WallTime before,
                                  std::size_t limit) {
    constexpr const char* kOfLane =
        "SELECT j.id FROM jobs j INDEXED BY jobs_lane_changed WHERE j.lane_id = (SELECT id FROM lanes WHERE name = "
        "?1)" SPILLWAY_ORPHAN;
    constexpr const char* kOfAll = "SELECT j.id FROM jobs j INDEXED BY jobs_changed WHERE ?1 IS NULL" SPILLWAY_ORPHAN;
    return rows(query(connection, lane ? kOfLane : kOfAll, lane, before, limit),
                [](SQLite::Statement& row) { return integer(row, 0); });
}

}  // namespace spillway::store
