#include "queue/sqlite/parked.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "queue/sqlite/transaction.hpp"

namespace spillway::queue::sqlite {

namespace {

constexpr std::int64_t kLookedAtOnce = 10 * static_cast<std::int64_t>(kReplayedAtOnce);

/// The filter in the numbers of the rows.
struct Sought {
    std::optional<std::vector<std::int64_t>> lanes;  ///< in order
    std::optional<std::int64_t> kind;
    bool nothing = false;  ///< a kind that no job ever had
};

std::optional<std::int64_t> number_of(SQLite::Statement& found) {
    std::optional<std::int64_t> number;
    if (found.executeStep()) number = found.getColumn(0).getInt64();
    found.reset();
    return number;
}

Sought resolve(Connection& connection, const ParkedFilter& filter) {
    Sought sought;
    if (filter.kind) {
        sought.kind = number_of(bound(connection, "SELECT id FROM kinds WHERE name = ?1", *filter.kind));
        sought.nothing = !sought.kind;
    }
    if (!filter.lanes) return sought;
    sought.lanes.emplace();
    for (const std::string& name : *filter.lanes) {
        if (const auto id = number_of(bound(connection, "SELECT id FROM lanes WHERE name = ?1", name)))
            sought.lanes->push_back(*id);
    }
    std::sort(sought.lanes->begin(), sought.lanes->end());
    sought.lanes->erase(std::unique(sought.lanes->begin(), sought.lanes->end()), sought.lanes->end());
    return sought;
}

/// The first lane from `lane` on that has parked jobs of the kind and the cause.
std::optional<std::int64_t> lane_from(Connection& connection, const ParkedFilter& filter, const Sought& sought,
                                      std::int64_t lane) {
    return number_of(bound(connection,
                           "SELECT lane_id FROM parked_counts WHERE lane_id >= ?1 AND (?2 IS NULL OR kind_id = ?2) AND "
                           "(?3 IS NULL OR cause = ?3) ORDER BY lane_id LIMIT 1",
                           lane, sought.kind, filter.cause));
}

struct ParkedRow {
    JobId id = 0;
    std::int64_t lane = 0, kind = 0;
    std::uint64_t token = 0;
    std::string key, cause;
};

std::vector<ParkedRow> read_rows(SQLite::Statement& found) {
    std::vector<ParkedRow> rows;
    while (found.executeStep()) {
        rows.push_back({found.getColumn(0).getInt64(), found.getColumn(1).getInt64(), found.getColumn(2).getInt64(),
                        static_cast<std::uint64_t>(found.getColumn(3).getInt64()), found.getColumn(4).getString(),
                        found.getColumn(5).getString()});
    }
    found.reset();
    return rows;
}

#define SPILLWAY_PARKED "SELECT id, lane_id, kind_id, token, key, cause FROM jobs "

/// Parked jobs of one lane behind `after`, in the order of the ids.
std::vector<ParkedRow> rows_of_lane(Connection& connection, const ParkedFilter& filter, ReplayCursor after,
                                    std::int64_t limit) {
    if (filter.key)
        return read_rows(bound(connection,
                               SPILLWAY_PARKED "INDEXED BY jobs_open_key WHERE open = 1 AND lane_id = ?1 AND key = ?2 "
                                               "AND state = 5 AND id > ?3",
                               after.lane, *filter.key, after.job));
    return read_rows(bound(connection,
                           SPILLWAY_PARKED "INDEXED BY jobs_parked WHERE state = 5 AND lane_id = ?1 AND id > ?2 "
                                           "ORDER BY id LIMIT ?3",
                           after.lane, after.job, limit));
}

std::vector<ParkedRow> rows_of_ids(Connection& connection, const std::vector<JobId>& ids) {
    SPILLWAY_ASSERT(ids.size() <= kReplayedAtOnce);
    std::vector<ParkedRow> rows;
    for (const JobId id : ids) {
        for (ParkedRow& row : read_rows(bound(connection, SPILLWAY_PARKED "WHERE id = ?1 AND state = 5", id)))
            rows.push_back(std::move(row));
    }
    return rows;
}

bool matches(const ParkedRow& row, const ParkedFilter& filter, const Sought& sought) {
    return (!sought.kind || row.kind == *sought.kind) && (!filter.cause || row.cause == *filter.cause) &&
           (!filter.key || row.key == *filter.key) &&
           (!sought.lanes || std::binary_search(sought.lanes->begin(), sought.lanes->end(), row.lane));
}

using Counted = std::map<std::pair<std::int64_t, std::string>, std::int64_t>;

void count_rows(const std::vector<ParkedRow>& rows, const ParkedFilter& filter, const Sought& sought,
                Counted& counted) {
    for (const ParkedRow& row : rows) {
        if (matches(row, filter, sought)) ++counted[{row.lane, row.cause}];
    }
}

void count_lane(Connection& connection, const ParkedFilter& filter, const Sought& sought, std::int64_t lane,
                Counted& counted) {
    if (filter.key) return count_rows(rows_of_lane(connection, filter, {lane, 0}, 1), filter, sought, counted);
    SQLite::Statement& counts = bound(connection,
                                      "SELECT cause, sum(jobs) FROM parked_counts WHERE lane_id = ?1 AND "
                                      "(?2 IS NULL OR kind_id = ?2) AND (?3 IS NULL OR cause = ?3) GROUP BY cause",
                                      lane, sought.kind, filter.cause);
    while (counts.executeStep()) counted[{lane, counts.getColumn(0).getString()}] = counts.getColumn(1).getInt64();
    counts.reset();
}

/// The lanes to look at, one after the other, those without parked jobs left out.
std::optional<std::int64_t> next_lane(Connection& connection, const ParkedFilter& filter, const Sought& sought,
                                      std::int64_t from, std::int64_t& budget) {
    if (!sought.lanes) return lane_from(connection, filter, sought, from);
    auto at = std::lower_bound(sought.lanes->begin(), sought.lanes->end(), from);
    for (; at != sought.lanes->end(); ++at) {
        if (--budget < 0) return *at;  // the step ends there, and the next one begins there
        if (lane_from(connection, filter, sought, *at) == *at) return *at;
    }
    return std::nullopt;
}

struct Replaying {
    Transaction& transaction;
    const ParkedFilter& filter;
    const Sought& sought;
    std::uint64_t fence;

    /// @return false when the step is full before the last of them.
    Result<bool> replay(const std::vector<ParkedRow>& rows, ReplayStep& step) const {
        for (const ParkedRow& row : rows) {
            if (is_full(step)) return false;
            if (matches(row, filter, sought) && row.token < fence) {
                auto replayed = transaction.replay(row.id);
                if (!replayed.ok()) return std::move(replayed).error();
                ++step.replayed;
            }
            step.reached = {row.lane, row.id};
        }
        return true;
    }
    static bool is_full(const ReplayStep& step) { return step.replayed == static_cast<std::int64_t>(kReplayedAtOnce); }
};

}  // namespace

std::vector<ParkedCount> count_parked(Connection& connection, const ParkedFilter& filter) {
    const Sought sought = resolve(connection, filter);
    Counted counted;
    if (!filter.ids.empty()) {
        if (!sought.nothing) count_rows(rows_of_ids(connection, filter.ids), filter, sought, counted);
    } else if (!sought.nothing) {
        std::int64_t budget = std::numeric_limits<std::int64_t>::max();
        auto lane = next_lane(connection, filter, sought, 0, budget);
        for (; lane; lane = next_lane(connection, filter, sought, *lane + 1, budget))
            count_lane(connection, filter, sought, *lane, counted);
    }
    std::vector<ParkedCount> counts;
    for (const auto& [where, jobs] : counted) {
        SQLite::Statement& name = bound(connection, "SELECT name FROM lanes WHERE id = ?1", where.first);
        const bool known = name.executeStep();
        SPILLWAY_ASSERT(known);
        counts.push_back({name.getColumn(0).getString(), where.second, jobs});
        name.reset();
    }
    return counts;
}

std::uint64_t replay_fence(Transaction& transaction) { return over_sqlite(transaction).next_token(); }

Result<ReplayStep> replay_parked(Transaction& transaction, const ParkedFilter& filter, std::uint64_t fence,
                                 ReplayCursor from) {
    Connection& connection = connection_of(transaction);
    const Sought sought = resolve(connection, filter);
    const Replaying replaying{transaction, filter, sought, fence};
    ReplayStep step{from};
    step.done = true;
    if (sought.nothing) return step;
    if (!filter.ids.empty()) {
        auto replayed = replaying.replay(rows_of_ids(connection, filter.ids), step);
        if (!replayed.ok()) return std::move(replayed).error();
        return step;
    }
    std::int64_t budget = kLookedAtOnce;
    while (const auto lane = next_lane(connection, filter, sought, step.reached.lane, budget)) {
        if (step.reached.lane < *lane) step.reached = {*lane, 0};
        if (budget <= 0 || Replaying::is_full(step)) {
            step.done = false;
            return step;
        }
        const std::int64_t limit = budget;
        const auto rows = rows_of_lane(connection, filter, step.reached, limit);
        budget -= 1 + static_cast<std::int64_t>(rows.size());
        const auto all = replaying.replay(rows, step);
        if (!all.ok()) return all.error();
        if (*all && static_cast<std::int64_t>(rows.size()) < limit) step.reached = {*lane + 1, 0};
    }
    return step;
}

}  // namespace spillway::queue::sqlite
