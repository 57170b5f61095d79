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
#define SPILLWAY_MATCHES                                                                         \
    " AND changed_ms >= ?5 AND (?6 IS NULL OR kind_id = (SELECT id FROM kinds WHERE name = ?6))" \
    " AND (?7 IS NULL OR key = ?7) AND (?8 IS NULL OR cause = ?8)"
#define SPILLWAY_PAGE                                                                       \
    " AND state = ?2 AND changed_ms <= ?3 AND (changed_ms, id) < (?3, ?4)" SPILLWAY_MATCHES \
    " ORDER BY changed_ms DESC, id DESC LIMIT ?9"
#define SPILLWAY_FROM "SELECT changed_ms, id FROM jobs INDEXED BY "

// The same question along the three indexes that can answer it.
constexpr const char* kOfLane =
    SPILLWAY_FROM "jobs_lane_changed WHERE lane_id = ?1 AND state NOT IN (0, 4)" SPILLWAY_PAGE;
constexpr const char* kOfLaneByKey = SPILLWAY_FROM "jobs_open_key WHERE open = 1 AND lane_id = ?1" SPILLWAY_PAGE;
constexpr const char* kOfAll = SPILLWAY_FROM "jobs_changed WHERE (?1 IS NULL OR lane_id = ?1)" SPILLWAY_PAGE;

/// Waiting and unknown jobs have no list of their own lane: few are found among the lane's open jobs, and where there
/// are many, the newest of them are near the end of the list of all lanes.
const char* choose(Connection& connection, std::optional<std::int64_t> lane, JobState state) {
    constexpr std::int64_t kFew = 20'000;
    if (!lane) return kOfAll;
    if (state != JobState::waiting && state != JobState::unknown) return kOfLane;
    SQLite::Statement& open = bound(
        connection, "SELECT coalesce(sum(jobs - pruned), 0) FROM lane_counts WHERE lane_id = ?1 AND state < 6", *lane);
    const bool many = open.executeStep() && open.getColumn(0).getInt64() > kFew;
    open.reset();
    return many ? kOfAll : kOfLaneByKey;
}

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

std::vector<Position> positions(Connection& connection, const JobFilter& filter, Position from, std::size_t limit) {
    std::vector<JobState> states = filter.states;
    for (int state = 0; filter.states.empty() && state < kStates; ++state)
        states.push_back(static_cast<JobState>(state));
    const std::int64_t since =
        filter.changed_since ? to_ms(*filter.changed_since) : std::numeric_limits<std::int64_t>::min();
    std::vector<Position> found;
    for (const auto& lane : lanes_of(connection, filter)) {
        for (const JobState state : states) {
            SQLite::Statement& page =
                bound(connection, choose(connection, lane, state), lane, static_cast<std::int64_t>(state), from.first,
                      from.second, since, filter.kind, filter.key, filter.cause, static_cast<std::int64_t>(limit));
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
              "advice, created_ms, changed_ms, run_at_ms, follow_up FROM jobs JOIN job_bodies ON job_id = jobs.id "
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
    std::vector<Position> found = positions(connection, filter, after.value_or(Position{kEnd, kEnd}), page);
    std::sort(found.begin(), found.end(), std::greater<>());
    if (found.size() > page) found.resize(page);
    std::vector<Job> jobs;
    for (const Position& position : found) {
        if (auto job = get_job(connection, position.second)) jobs.push_back(*std::move(job));
    }
    return jobs;
}

std::vector<BlockedKey> SqliteStore::blocked_keys(Connection& connection, const std::string& lane,
                                                  const std::string& after, std::size_t limit) {
    std::vector<BlockedKey> keys;
    const auto id = lane_id(connection, lane);
    if (!id) return keys;
    // One walk along waits_key, grouped as it is ordered; the head of each key and its first waiter by their own
    // indexes.
    SQLite::Statement& rows = bound(
        connection,
        "SELECT g.key, g.waiting, g.first, w.changed_ms, h.id, h.state, h.cause FROM (SELECT key, count(*) AS waiting, "
        "min(job_id) AS first FROM waits INDEXED BY waits_key WHERE lane_id = ?1 AND key > ?2 GROUP BY key ORDER BY "
        "key "
        "LIMIT ?3) g CROSS JOIN jobs w ON w.id = g.first LEFT JOIN jobs h INDEXED BY jobs_open_key ON h.open = 1 AND "
        "h.lane_id = ?1 AND h.key = g.key AND h.follow_up = 0 ORDER BY g.key",
        *id, after, static_cast<std::int64_t>(std::min(limit, kPageMax)));
    while (rows.executeStep()) {
        BlockedKey key;
        key.key = rows.getColumn(0).getString();
        key.waiting = rows.getColumn(1).getInt64();
        key.first = rows.getColumn(2).getInt64();
        key.since = from_ms(rows.getColumn(3).getInt64());
        if (!rows.getColumn(4).isNull()) {
            key.head = rows.getColumn(4).getInt64();
            key.state = static_cast<JobState>(rows.getColumn(5).getInt());
            key.cause = rows.getColumn(6).getString();
        }
        keys.push_back(std::move(key));
    }
    rows.reset();
    return keys;
}

std::vector<Step> SqliteStore::history(Connection& connection, JobId id) {
    std::vector<Step> steps;
    SQLite::Statement& rows = bound(
        connection,
        "SELECT at_ms, from_state, to_state, cause, attempt FROM job_history WHERE job_id = ?1 ORDER BY step", id);
    while (rows.executeStep()) {
        steps.push_back({from_ms(rows.getColumn(0).getInt64()), static_cast<JobState>(rows.getColumn(1).getInt()),
                         static_cast<JobState>(rows.getColumn(2).getInt()), rows.getColumn(3).getString(),
                         rows.getColumn(4).getInt()});
    }
    rows.reset();
    return steps;
}

}  // namespace spillway::queue::sqlite
