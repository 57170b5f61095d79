// What the judge looks at after a crash.

#include "tests/crash/judge.hpp"

namespace spillway::queue::test {

namespace {

template <class T>
T read(Bench& bench, std::function<T(sqlite::Connection&)> fn) {
    const auto result = bench.read<T>([&](sqlite::Connection& connection) { return Result<T>(fn(connection)); });
    if (!result.ok()) throw std::runtime_error(result.error().code + ": " + result.error().detail);
    return result.value();
}

std::int64_t number(sqlite::Connection& connection, const std::string& sql) {
    return connection.database().execAndGet(sql).getInt64();
}

/// Queries that find nothing in a sound store.
constexpr std::pair<const char*, const char*> kMustBeEmpty[] = {
    {"two open jobs of one key in one role",
     "SELECT 1 FROM jobs WHERE state < 6 GROUP BY lane_id, key, follow_up HAVING count(*) > 1"},
    {"the unique index is gone",
     "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'jobs_open_key' AND sql LIKE '%UNIQUE%')"},
    {"a count that is not that of the rows",
     "SELECT * FROM (SELECT lane_id, state, jobs - pruned FROM lane_counts WHERE jobs <> pruned "
     "EXCEPT SELECT lane_id, state, count(*) FROM jobs GROUP BY lane_id, state)"},
    {"rows that are not counted",
     "SELECT * FROM (SELECT lane_id, state, count(*) FROM jobs GROUP BY lane_id, state "
     "EXCEPT SELECT lane_id, state, jobs - pruned FROM lane_counts)"},
    {"a count of parked jobs that is not that of the rows, or rows that are not counted",
     "SELECT * FROM (SELECT lane_id, kind_id, cause, jobs FROM parked_counts EXCEPT SELECT lane_id, kind_id, cause, "
     "count(*) FROM jobs WHERE state = 5 GROUP BY lane_id, kind_id, cause) UNION ALL SELECT * FROM (SELECT lane_id, "
     "kind_id, cause, count(*) FROM jobs WHERE state = 5 GROUP BY lane_id, kind_id, cause EXCEPT SELECT lane_id, "
     "kind_id, cause, jobs FROM parked_counts)"},
    {"a wait of a job that is not open, or of another lane",
     "SELECT 1 FROM waits LEFT JOIN jobs ON jobs.id = waits.job_id WHERE jobs.id IS NULL OR jobs.state >= 6 "
     "OR jobs.lane_id <> waits.lane_id"},
    {"a blocked job that waits for nothing",
     "SELECT 1 FROM jobs WHERE state = 2 AND follow_up = 0 AND NOT EXISTS "
     "(SELECT 1 FROM waits WHERE waits.job_id = jobs.id)"},
    {"a job that can run and waits for something",
     "SELECT 1 FROM jobs WHERE state IN (0, 1) AND EXISTS (SELECT 1 FROM waits WHERE waits.job_id = jobs.id)"},
    {"a follow-up that follows nothing",
     "SELECT 1 FROM jobs follow WHERE follow_up = 1 AND state < 6 AND NOT EXISTS (SELECT 1 FROM jobs main WHERE "
     "main.lane_id = follow.lane_id AND main.key = follow.key AND main.follow_up = 0 AND main.state < 6)"},
    {"a job whose column says open when its state does not, or not when it does",
     "SELECT 1 FROM jobs WHERE open <> (state < 6)"},
    {"a job without a body, or a body without a job",
     "SELECT 1 FROM jobs FULL JOIN job_bodies ON job_id = id WHERE job_id IS NULL OR id IS NULL"},
    {"a reference to nothing", "SELECT 1 FROM pragma_foreign_key_check"},
};

}  // namespace

void Judge::check(Bench& bench) {
    try {
        check_ledger(bench);
        for (auto& [name, model] : lanes_) {
            pass_to(model, to_ms(bench.clock().wall_now()));
            model.claims.clear();
            model.oracle.crash();
        }
        check_jobs(bench);
        check_rows(bench);
        check_claimable(bench);
        if (bench.store().epoch() <= epoch_) complain("the epoch did not rise");
        epoch_ = bench.store().epoch();
    } catch (const std::exception& exception) {
        complain(std::string("the store cannot be read: ") + exception.what());
    }
}

/// Everything acknowledged is written down, nothing refused is, and what was under way is wholly there or not at all.
void Judge::check_ledger(Bench& bench) {
    struct Entry {
        std::int64_t n;
        std::uint64_t slot;
        Outcome outcome;
    };
    const auto entries = read<std::vector<Entry>>(bench, [this](sqlite::Connection& connection) {
        std::vector<Entry> found;
        SQLite::Statement& rows =
            connection.statement("SELECT n, slot, job, placed FROM ledger WHERE n > ?1 ORDER BY n");
        rows.bind(1, ledger_read_);
        while (rows.executeStep()) {
            found.push_back(
                {rows.getColumn(0).getInt64(),
                 static_cast<std::uint64_t>(rows.getColumn(1).getInt64()),
                 {true, "", rows.getColumn(2).getInt64(), static_cast<Placed>(rows.getColumn(3).getInt())}});
        }
        return found;
    });
    for (const Entry& entry : entries) {
        ledger_read_ = entry.n;
        if (refused_.contains(entry.slot)) complain("an operation that was refused has happened");
        const auto under_way = pending_.find(entry.slot);
        if (under_way != pending_.end()) {
            apply(under_way->second, entry.outcome);
            confirmed_.insert(entry.slot);
        } else if (!confirmed_.contains(entry.slot)) {
            complain("the ledger has an operation that nobody began");
        }
    }
    pending_.clear();
    refused_.clear();
    const auto written = read<std::int64_t>(
        bench, [](sqlite::Connection& connection) { return number(connection, "SELECT count(*) FROM ledger"); });
    if (written < static_cast<std::int64_t>(confirmed_.size()))
        complain(std::to_string(static_cast<std::int64_t>(confirmed_.size()) - written) +
                 " acknowledged operations are lost");
}

void Judge::check_jobs(Bench& bench) {
    std::size_t seen = 0;
    std::optional<std::pair<std::int64_t, JobId>> after;
    for (;;) {
        const auto page = read<std::vector<Job>>(
            bench, [&](sqlite::Connection& connection) { return SqliteStore::list_jobs(connection, {}, after, 200); });
        for (const Job& job : page) check_job(job);
        seen += page.size();
        if (page.size() < 200) break;
        after = {to_ms(page.back().changed), page.back().id};
    }
    if (seen != jobs()) complain(std::to_string(seen) + " jobs are stored, " + std::to_string(jobs()) + " should be");
}

void Judge::check_job(const Job& job) {
    const std::string who = "job " + std::to_string(job.id) + " (" + job.lane + " " + job.key + ")";
    const auto found = lane(job.lane).oracle.jobs.find(job.id);
    if (found == lane(job.lane).oracle.jobs.end()) return complain(who + " was enqueued by nobody");
    const OracleJob& expected = found->second;
    // The promotion of a job whose time has come may or may not have been committed.
    const bool due = job.state == JobState::scheduled && job.run_at && to_ms(*job.run_at) <= now_ms_;
    const JobState state = due ? JobState::waiting : job.state;
    if (state != expected.state) {
        complain(who + " is " + std::string(to_string(state)) + " instead of " +
                 std::string(to_string(expected.state)));
    }
    if (job.key != expected.key || job.body != expected.body) complain(who + " has another key or body");
    if (job.attempts != expected.attempts) complain(who + " has another count of attempts");
    if (job.crashes != expected.crashes) complain(who + " has another count of crashes");
    if (!is_ended(state) && job.follow_up != expected.follow_up) complain(who + " follows, or does not");
    std::map<std::string, std::int64_t> waits;
    for (const Wait& wait : job.waits) waits[wait.key] = wait.level;
    if (waits != expected.waits) complain(who + " waits for something else");
}

void Judge::check_claimable(Bench& bench) {
    for (auto& [name, model] : lanes_) {
        bench.pass(Millis{0});  // what is due is promoted
        if (bench.store().lane_pause(name).has_value() != model.pause.has_value())
            complain(name + ": pause lost or made up");
        std::vector<Claim> claims;
        std::set<JobId> claimable;
        for (const Claim& claim : bench.store().claim(name, "push", 10'000)) {
            claims.push_back(claim);
            claimable.insert(claim.id);
            token_max_ = std::max(token_max_, claim.token);
        }
        for (const auto& [id, job] : model.oracle.jobs) {
            const bool expected = job.state == JobState::waiting && !job.follow_up && !model.held();
            if (claimable.contains(id) != expected)
                complain("job " + std::to_string(id) +
                         (expected ? " cannot be claimed" : " can be claimed and must not"));
        }
        bench.store().unclaim(name, claims);
    }
}

void Judge::check_rows(Bench& bench) {
    read<bool>(bench, [this](sqlite::Connection& connection) {
        SQLite::Database& database = connection.database();
        const std::string verdict = database.execAndGet("PRAGMA quick_check").getString();
        if (verdict != "ok") complain("quick_check: " + verdict);
        for (const auto& [what, sql] : kMustBeEmpty) {
            if (number(connection, "SELECT count(*) FROM (" + std::string(sql) + ")") != 0) complain(what);
        }
        SQLite::Statement tokens(database, "SELECT id, token FROM jobs");
        while (tokens.executeStep()) {
            std::int64_t& token = row_tokens_[tokens.getColumn(0).getInt64()];
            if (tokens.getColumn(1).getInt64() < token)
                complain("the token of job " + tokens.getColumn(0).getString() + " fell");
            token = tokens.getColumn(1).getInt64();
        }
        return true;
    });
}

}  // namespace spillway::queue::test
