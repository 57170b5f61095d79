// The rows under a transaction: reading, writing and what waits for what.

#include <algorithm>

#include "queue/sqlite/transaction.hpp"

namespace spillway::queue::sqlite {

namespace {

#define SPILLWAY_ROW                                                                                              \
    "id, lane_id, kind_id, key, priority, state, follow_up, attempts, crashes, token, run_at_ms, started_epoch, " \
    "tried_ms, steps"

Row read_row(SQLite::Statement& found) {
    Row row;
    row.id = found.getColumn(0).getInt64();
    row.lane = found.getColumn(1).getInt64();
    row.kind = found.getColumn(2).getInt64();
    row.key = found.getColumn(3).getString();
    row.priority = static_cast<Priority>(found.getColumn(4).getInt());
    row.state = static_cast<JobState>(found.getColumn(5).getInt());
    row.follow_up = found.getColumn(6).getInt() != 0;
    row.attempts = found.getColumn(7).getInt64();
    row.crashes = found.getColumn(8).getInt64();
    row.token = static_cast<std::uint64_t>(found.getColumn(9).getInt64());
    if (!found.getColumn(10).isNull()) row.run_at_ms = found.getColumn(10).getInt64();
    if (!found.getColumn(11).isNull()) row.started_epoch = found.getColumn(11).getInt64();
    if (!found.getColumn(12).isNull()) row.tried_ms = found.getColumn(12).getInt64();
    row.steps = found.getColumn(13).getInt64();
    return row;
}

std::optional<Row> first_row(SQLite::Statement& statement) {
    std::optional<Row> row;
    if (statement.executeStep()) row = read_row(statement);
    statement.reset();
    return row;
}

std::optional<std::int64_t> first_number(SQLite::Statement& statement) {
    std::optional<std::int64_t> number;
    if (statement.executeStep()) number = statement.getColumn(0).getInt64();
    statement.reset();
    return number;
}

}  // namespace

std::int64_t Names::lane(Connection& connection, const std::string& name) {
    if (const auto known = lanes_.find(name); known != lanes_.end()) return known->second;
    run(connection, "INSERT INTO lanes (name) VALUES (?1)", name);
    fresh_.push_back({Interned::What::lane, connection.database().getLastInsertRowid(), name});
    return lanes_[name] = fresh_.back().id;
}

std::int64_t Names::kind(Connection& connection, const std::string& name) {
    if (const auto known = kinds_.find(name); known != kinds_.end()) return known->second;
    run(connection, "INSERT INTO kinds (name) VALUES (?1)", name);
    fresh_.push_back({Interned::What::kind, connection.database().getLastInsertRowid(), name});
    return kinds_[name] = fresh_.back().id;
}

std::optional<std::int64_t> Names::find_lane(const std::string& name) const {
    const auto known = lanes_.find(name);
    if (known == lanes_.end()) return std::nullopt;
    return known->second;
}

std::optional<std::int64_t> Names::find_kind(const std::string& name) const {
    const auto known = kinds_.find(name);
    if (known == kinds_.end()) return std::nullopt;
    return known->second;
}

void Names::load(const Interned& name) { (name.what == Interned::What::lane ? lanes_ : kinds_)[name.name] = name.id; }

void Names::forget_from(std::size_t mark) {
    for (std::size_t at = mark; at < fresh_.size(); ++at) {
        (fresh_[at].what == Interned::What::lane ? lanes_ : kinds_).erase(fresh_[at].name);
    }
    fresh_.resize(std::min(mark, fresh_.size()));
}

std::optional<Row> SqliteTransaction::row(JobId id) {
    return first_row(bound(shop_.connection, "SELECT " SPILLWAY_ROW " FROM jobs WHERE id = ?1", id));
}

std::optional<Row> SqliteTransaction::open_row(std::int64_t lane, const std::string& key, bool follow_up) {
    return first_row(bound(shop_.connection,
                           "SELECT " SPILLWAY_ROW " FROM jobs INDEXED BY jobs_open_key "
                           "WHERE open = 1 AND lane_id = ?1 AND key = ?2 AND follow_up = ?3",
                           lane, key, static_cast<std::int64_t>(follow_up)));
}

bool SqliteTransaction::hold(const Row& row) {
    if (!shop_.claims.try_hold(row.id, row.token)) return false;
    effects_.held.push_back(row.id);
    effects_.touched.push_back(row.lane);
    return true;
}

void SqliteTransaction::write_body(JobId id, const std::string& body) {
    run(shop_.connection,
        "INSERT INTO job_bodies (job_id, body) VALUES (?1, ?2) ON CONFLICT (job_id) DO UPDATE SET body = excluded.body",
        id, Blob{body});
}

void SqliteTransaction::save(const Row& before, Row after, const std::optional<Words>& words) {
    if (trace(before, after, words)) ++after.steps;
    if (before.state == JobState::parked || after.state == JobState::parked) count_parked(before, after, words);
    const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
    std::optional<std::string> cause, detail, advice;
    if (words) cause = words->cause, detail = words->detail, advice = words->advice;
    // Which columns a statement sets decides which indexes it rewrites: most transitions leave the key's alone.
    if (is_ended(after.state) || after.kind != before.kind || after.priority != before.priority ||
        after.follow_up != before.follow_up) {
        run(shop_.connection, "UPDATE jobs SET kind_id = ?2, priority = ?3, follow_up = ?4, open = ?5 WHERE id = ?1",
            after.id, after.kind, number(after.priority), number(after.follow_up), number(!is_ended(after.state)));
    }
    run(shop_.connection,
        "UPDATE jobs SET state = ?2, attempts = ?3, crashes = ?4, token = ?5, started_epoch = ?6, run_at_ms = ?7, "
        "tried_ms = ?8, steps = ?9, changed_ms = ?10, cause = coalesce(?11, cause), detail = coalesce(?12, detail), "
        "advice = coalesce(?13, advice) WHERE id = ?1",
        after.id, number(after.state), after.attempts, after.crashes, number(after.token), after.started_epoch,
        after.run_at_ms, after.tried_ms, after.steps, now_ms_, cause, detail, advice);
    note(before, after);
}

/// Before the row is written: what it was parked for is still in it.
void SqliteTransaction::count_parked(const Row& before, const Row& after, const std::optional<Words>& words) {
    std::string cause = words ? words->cause : std::string();
    if (before.state == JobState::parked) {
        SQLite::Statement& old = bound(shop_.connection, "SELECT cause FROM jobs WHERE id = ?1", before.id);
        const bool found = old.executeStep();
        SPILLWAY_ASSERT(found);
        const std::string was = old.getColumn(0).getString();
        old.reset();
        if (!words) cause = was;
        constexpr const char* kLast =
            "DELETE FROM parked_counts WHERE lane_id = ?1 AND kind_id = ?2 AND cause = ?3 AND jobs = 1";
        if (bound(shop_.connection, kLast, before.lane, before.kind, was).exec() == 0)
            run(shop_.connection,
                "UPDATE parked_counts SET jobs = jobs - 1 WHERE lane_id = ?1 AND kind_id = ?2 AND cause = ?3",
                before.lane, before.kind, was);
    }
    if (after.state == JobState::parked)
        run(shop_.connection,
            "INSERT INTO parked_counts (lane_id, kind_id, cause, jobs) VALUES (?1, ?2, ?3, 1) ON CONFLICT (lane_id, "
            "kind_id, cause) DO UPDATE SET jobs = jobs + 1",
            after.lane, after.kind, cause);
}

/// What people may want to know of a job's past. That time made a scheduled job waiting says nothing.
bool SqliteTransaction::trace(const Row& before, const Row& after, const std::optional<Words>& words) {
    if (before.state == after.state && before.attempts == after.attempts) return false;
    if (before.state == JobState::scheduled && after.state == JobState::waiting && !words) return false;
    run(shop_.connection,
        "INSERT INTO job_history (job_id, step, at_ms, from_state, to_state, cause, attempt) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        after.id, after.steps, now_ms_, static_cast<std::int64_t>(before.state), static_cast<std::int64_t>(after.state),
        words ? words->cause : std::string(), after.attempts);
    if (after.steps >= kHistoryMax) {
        run(shop_.connection, "DELETE FROM job_history WHERE job_id = ?1 AND step = ?2", after.id,
            after.steps - kHistoryMax);
    }
    return true;
}

void SqliteTransaction::note(const std::optional<Row>& before, const Row& after, JobId follows) {
    Change change{after.id, after.lane, after.token, std::nullopt, after.place(), follows};
    if (before) change.before = before->place();
    effects_.changes.push_back(change);
}

bool SqliteTransaction::has_waits(JobId id) {
    return first_number(bound(shop_.connection, "SELECT 1 FROM waits WHERE job_id = ?1 LIMIT 1", id)).has_value();
}

JobState SqliteTransaction::ready_state(const Row& row) {
    if (row.id != 0 && has_waits(row.id)) return JobState::blocked;
    return row.run_at_ms && *row.run_at_ms > now_ms_ ? JobState::scheduled : JobState::waiting;
}

void SqliteTransaction::replace_waits(const Row& row, const std::vector<Wait>& waits) {
    run(shop_.connection, "DELETE FROM waits WHERE job_id = ?1", row.id);
    add_waits(row, waits);
}

void SqliteTransaction::add_waits(const Row& row, const std::vector<Wait>& waits) {
    for (const Wait& wait : waits) {
        run(shop_.connection,
            "INSERT INTO waits (job_id, key, level, lane_id) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT (job_id, key) DO UPDATE SET level = max(level, excluded.level)",
            row.id, wait.key, wait.level, row.lane);
    }
}

/// The open job of the key and its follow-up, as far as they have less than `priority`. Mostly none.
std::vector<Row> SqliteTransaction::less_urgent(std::int64_t lane, const std::string& key, Priority priority) {
    std::vector<Row> rows;
    SQLite::Statement& found = bound(shop_.connection,
                                     "SELECT " SPILLWAY_ROW
                                     " FROM jobs INDEXED BY jobs_open_key WHERE open = 1 AND "
                                     "lane_id = ?1 AND key = ?2 AND priority > ?3 ORDER BY follow_up",
                                     lane, key, static_cast<std::int64_t>(priority));
    while (found.executeStep()) rows.push_back(read_row(found));
    found.reset();
    return rows;
}

/// Open jobs with these keys get at least `priority`, and so do those that they wait for in turn.
void SqliteTransaction::raise(std::int64_t lane, const std::vector<Wait>& waits, Priority priority) {
    std::vector<std::string> keys;
    for (const Wait& wait : waits) keys.push_back(wait.key);
    while (!keys.empty()) {  // ends: a raised job is not raised again
        const std::string key = std::move(keys.back());
        keys.pop_back();
        for (const Row& before : less_urgent(lane, key, priority)) {
            Row after = before;
            after.priority = priority;
            save(before, after, std::nullopt);
            SQLite::Statement& next = bound(shop_.connection, "SELECT key FROM waits WHERE job_id = ?1", after.id);
            while (next.executeStep()) keys.push_back(next.getColumn(0).getString());
            next.reset();
        }
    }
}

void SqliteTransaction::free_waits(std::int64_t lane, const std::string& key, std::int64_t level) {
    std::vector<JobId> freed;
    SQLite::Statement& waiting = bound(
        shop_.connection, "SELECT job_id FROM waits WHERE lane_id = ?1 AND key = ?2 AND level <= ?3 ORDER BY job_id",
        lane, key, level);
    while (waiting.executeStep()) freed.push_back(waiting.getColumn(0).getInt64());
    waiting.reset();
    if (freed.empty()) return;
    run(shop_.connection, "DELETE FROM waits WHERE lane_id = ?1 AND key = ?2 AND level <= ?3", lane, key, level);
    for (const JobId id : freed) {
        const std::optional<Row> before = row(id);
        if (!before || before->state != JobState::blocked || before->follow_up || has_waits(id)) continue;
        Row after = *before;
        after.state = ready_state(after);
        after.token = shop_.tokens.next();
        save(*before, after, std::nullopt);
    }
}

Result<Job> SqliteTransaction::get(JobId id) {
    std::optional<Job> job = SqliteStore::get_job(shop_.connection, id);
    if (!job) return Error{ErrorKind::not_found, "no_such_job", "there is no job " + std::to_string(id)};
    return *std::move(job);
}

std::optional<Job> SqliteTransaction::find_open(const std::string& lane, const std::string& key) {
    const auto id = shop_.names.find_lane(lane);
    if (!id) return std::nullopt;
    const std::optional<Row> open = open_row(*id, key, /*follow_up=*/false);
    if (!open) return std::nullopt;
    return SqliteStore::get_job(shop_.connection, open->id);
}

SqliteTransaction& over_sqlite(Transaction& transaction) {
    auto* known = dynamic_cast<SqliteTransaction*>(&transaction);
    SPILLWAY_ASSERT(known != nullptr);
    return *known;
}

Connection& connection_of(Transaction& transaction) { return over_sqlite(transaction).connection(); }

}  // namespace spillway::queue::sqlite
