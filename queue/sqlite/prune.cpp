#include "queue/sqlite/prune.hpp"

#include "queue/sqlite/statements.hpp"

namespace spillway::queue::sqlite {

namespace {

struct Ended {
    JobId id = 0;
    std::int64_t lane = 0;
};

std::vector<Ended> oldest(Connection& connection, std::int64_t state, WallTime before, std::size_t limit) {
    std::vector<Ended> jobs;
    SQLite::Statement& rows = bound(connection,
                                    "SELECT id, lane_id FROM jobs INDEXED BY jobs_changed WHERE state = ?1 AND "
                                    "changed_ms < ?2 ORDER BY changed_ms LIMIT ?3",
                                    state, to_ms(before), static_cast<std::int64_t>(limit));
    while (rows.executeStep()) jobs.push_back({rows.getColumn(0).getInt64(), rows.getColumn(1).getInt64()});
    rows.reset();
    return jobs;
}

}  // namespace

std::int64_t prune_ended(Transaction& transaction, WallTime before) {
    Connection& connection = connection_of(transaction);
    std::size_t pruned = 0;
    const auto last = static_cast<std::int64_t>(JobState::resolved_by_hand);
    for (auto state = static_cast<std::int64_t>(JobState::applied); state <= last; ++state) {
        for (const Ended& job : oldest(connection, state, before, kPrunedAtOnce - pruned)) {
            run(connection, "DELETE FROM job_history WHERE job_id = ?1", job.id);
            run(connection, "DELETE FROM job_bodies WHERE job_id = ?1", job.id);
            run(connection, "DELETE FROM jobs WHERE id = ?1", job.id);
            run(connection, "UPDATE lane_counts SET pruned = pruned + 1 WHERE lane_id = ?1 AND state = ?2", job.lane,
                state);
            ++pruned;
        }
        if (pruned == kPrunedAtOnce) break;
    }
    return static_cast<std::int64_t>(pruned);
}

}  // namespace spillway::queue::sqlite
