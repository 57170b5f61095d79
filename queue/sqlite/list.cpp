// Lists for people: by keyset over (changed, id), one short index walk for each lane and state asked for.

#include <algorithm>
#include <limits>

#include "queue/sqlite/statements.hpp"

namespace spillway::queue::sqlite {

namespace {

constexpr std::size_t kPageMax = 200;
constexpr int kStates = 11;

using Position = std::pair<std::int64_t, JobId>;  // changed, id

// ?1 lane, ?2 state, ?3 ?4 position, ?5 changed since, ?6 kind, ?7 key, ?8 cause, ?9 limit
constexpr const char* kPageOfLane =
    "SELECT changed_ms, id FROM jobs INDEXED BY jobs_lane_changed WHERE lane_id = ?1 AND state = ?2 AND changed_ms <= "
    "?3 "
    "AND (changed_ms, id) < (?3, ?4) AND changed_ms >= ?5 "
    "AND (?6 IS NULL OR kind_id = (SELECT id FROM kinds WHERE name = ?6)) AND (?7 IS NULL OR key = ?7) "
    "AND (?8 IS NULL OR cause = ?8) ORDER BY changed_ms DESC, id DESC LIMIT ?9";
constexpr const char* kPageOfAll =
    "SELECT changed_ms, id FROM jobs INDEXED BY jobs_changed WHERE ?1 IS NULL AND state = ?2 AND changed_ms <= ?3 "
    "AND (changed_ms, id) < (?3, ?4) AND changed_ms >= ?5 "
    "AND (?6 IS NULL OR kind_id = (SELECT id FROM kinds WHERE name = ?6)) AND (?7 IS NULL OR key = ?7) "
    "AND (?8 IS NULL OR cause = ?8) ORDER BY changed_ms DESC, id DESC LIMIT ?9";
constexpr const char* kIdsOfLane =
    "SELECT changed_ms, id FROM jobs INDEXED BY jobs_lane_changed WHERE lane_id = ?1 AND state = ?2 AND ?3 IS NOT NULL "
    "AND id > ?4 AND changed_ms >= ?5 "
    "AND (?6 IS NULL OR kind_id = (SELECT id FROM kinds WHERE name = ?6)) AND (?7 IS NULL OR key = ?7) "
    "AND (?8 IS NULL OR cause = ?8) ORDER BY id LIMIT ?9";
constexpr const char* kIdsOfAll =
    "SELECT changed_ms, id FROM jobs INDEXED BY jobs_changed WHERE ?1 IS NULL AND state = ?2 AND ?3 IS NOT NULL "
    "AND id > ?4 AND changed_ms >= ?5 "
    "AND (?6 IS NULL OR kind_id = (SELECT id FROM kinds WHERE name = ?6)) AND (?7 IS NULL OR key = ?7) "
    "AND (?8 IS NULL OR cause = ?8) ORDER BY id LIMIT ?9";

std::optional<std::int64_t> lane_id(Connection& connection, const std::string& name) {
    SQLite::Statement& found = bound(connection, "SELECT id FROM lanes WHERE name = ?1", name);
    std::optional<std::int64_t> id;
    if (found.executeStep()) id = found.getColumn(0).getInt64();
    found.reset();
    return id;
}

/// The lanes to walk; one empty entry stands for all.
std::vector<std::optional<std::int64_t>> lanes_of(Connection& connection, const JobFilter& filter) {
    if (!filter.lane && filter.lanes.empty()) return {std::nullopt};
    std::vector<std::string> names = filter.lanes;
    if (filter.lane) {
        const bool allowed = names.empty() || std::find(names.begin(), names.end(), *filter.lane) != names.end();
        names.assign(allowed ? 1 : 0, *filter.lane);
    }
    std::vector<std::optional<std::int64_t>> ids;
    for (const std::string& name : names) {
        if (const auto id = lane_id(connection, name)) ids.emplace_back(id);
    }
    return ids;
}

std::vector<Position> positions(Connection& connection, const JobFilter& filter, Position from, std::size_t limit,
                                std::pair<const char*, const char*> lane_and_all) {
    std::vector<JobState> states = filter.states;
    for (int state = 0; filter.states.empty() && state < kStates; ++state)
        states.push_back(static_cast<JobState>(state));
    const std::int64_t since =
        filter.changed_since ? to_ms(*filter.changed_since) : std::numeric_limits<std::int64_t>::min();
    std::vector<Position> found;
    for (const auto& lane : lanes_of(connection, filter)) {
        for (const JobState state : states) {
            SQLite::Statement& page = bound(connection, lane ? lane_and_all.first : lane_and_all.second, lane,
                                            static_cast<std::int64_t>(state), from.first, from.second, since,
                                            filter.kind, filter.key, filter.cause, static_cast<std::int64_t>(limit));
            while (page.executeStep()) found.emplace_back(page.getColumn(0).getInt64(), page.getColumn(1).getInt64());
            page.reset();
        }
    }
    return found;
}

std::vector<Wait> waits_of(Connection& connection, JobId id) {
    std::vector<Wait> waits;
    SQLite::Statement& rows = bound(connection, "SELECT key, level FROM waits WHERE job_id = ?1 ORDER BY key", id);
    while (rows.executeStep()) waits.push_back({rows.getColumn(0).getString(), rows.getColumn(1).getInt64()});
    rows.reset();
    return waits;
}

}  // namespace

std::optional<Job> SqliteStore::get_job(Connection& connection, JobId id) {
    SQLite::Statement& row =
        bound(connection,
              "SELECT lanes.name, kinds.name, key, body, priority, state, attempts, crashes, cause, detail, "
              "advice, created_ms, changed_ms, run_at_ms, follow_up FROM jobs "
              "JOIN lanes ON lanes.id = lane_id JOIN kinds ON kinds.id = kind_id WHERE jobs.id = ?1",
              id);
    if (!row.executeStep()) return std::nullopt;
    Job job;
    job.id = id;
    job.lane = row.getColumn(0).getString();
    job.kind = row.getColumn(1).getString();
    job.key = row.getColumn(2).getString();
    const SQLite::Column body = row.getColumn(3);
    job.body.assign(static_cast<const char*>(body.getBlob()), static_cast<std::size_t>(body.getBytes()));
    job.priority = static_cast<Priority>(row.getColumn(4).getInt());
    job.state = static_cast<JobState>(row.getColumn(5).getInt());
    job.attempts = row.getColumn(6).getInt();
    job.crashes = row.getColumn(7).getInt();
    job.cause = row.getColumn(8).getString();
    job.detail = row.getColumn(9).getString();
    job.advice = row.getColumn(10).getString();
    job.created = from_ms(row.getColumn(11).getInt64());
    job.changed = from_ms(row.getColumn(12).getInt64());
    if (!row.getColumn(13).isNull()) job.run_at = from_ms(row.getColumn(13).getInt64());
    job.follow_up = row.getColumn(14).getInt() != 0;
    row.reset();
    job.waits = waits_of(connection, id);
    return job;
}

std::vector<Job> SqliteStore::list_jobs(Connection& connection, const JobFilter& filter,
                                        std::optional<std::pair<std::int64_t, JobId>> after, std::size_t limit) {
    const std::size_t page = std::min(limit, kPageMax);
    constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
    std::vector<Position> found =
        positions(connection, filter, after.value_or(Position{kEnd, kEnd}), page, {kPageOfLane, kPageOfAll});
    std::sort(found.begin(), found.end(), std::greater<>());
    if (found.size() > page) found.resize(page);
    std::vector<Job> jobs;
    for (const Position& position : found) {
        if (auto job = get_job(connection, position.second)) jobs.push_back(*std::move(job));
    }
    return jobs;
}

std::vector<JobId> SqliteStore::list_ids(Connection& connection, const JobFilter& filter, JobId after,
                                         std::size_t limit) {
    std::vector<JobId> ids;
    for (const Position& position : positions(connection, filter, {0, after}, limit, {kIdsOfLane, kIdsOfAll})) {
        ids.push_back(position.second);
    }
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    if (ids.size() > limit) ids.resize(limit);
    return ids;
}

}  // namespace spillway::queue::sqlite
