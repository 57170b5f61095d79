#pragma once
// The Transaction over one SQLite connection. Storage thread only; lives for one command.

#include <unordered_map>

#include "queue/lane_index.hpp"
#include "queue/sqlite/statements.hpp"

namespace spillway::queue::sqlite {

/// Interned names, cached. What a rolled-back command interned is forgotten again.
class Names {
 public:
    std::int64_t lane(Connection& connection, const std::string& name);
    std::int64_t kind(Connection& connection, const std::string& name);
    std::optional<std::int64_t> find_lane(const std::string& name) const;
    std::optional<std::int64_t> find_kind(const std::string& name) const;
    void load(const Interned& name);

    [[nodiscard]] std::size_t mark() const { return fresh_.size(); }
    void forget_from(std::size_t mark);
    std::vector<Interned> take_fresh() { return std::exchange(fresh_, {}); }

 private:
    std::unordered_map<std::string, std::int64_t> lanes_;
    std::unordered_map<std::string, std::int64_t> kinds_;
    std::vector<Interned> fresh_;
};

/// What one group of commands did, for the loop's index.
struct Effects {
    std::vector<Change> changes;
    std::vector<HoldChange> holds;
    std::vector<Interned> names;
    std::vector<JobId> held;            // kept also when the command was rolled back
    std::vector<std::int64_t> touched;  // lanes of `held`
};

/// What all transactions of a store share.
struct Workshop {
    Connection connection;
    Claims& claims;
    Tokens& tokens;
    int crashes_max = 3;
    Millis age_max{};
    Names names{};
};

/// A job's row without its texts and body.
struct Row {
    JobId id = 0;
    std::int64_t lane = 0;
    std::int64_t kind = 0;
    std::string key;
    Priority priority = Priority::normal;
    JobState state = JobState::waiting;
    bool follow_up = false;
    std::int64_t attempts = 0;
    std::int64_t crashes = 0;
    std::uint64_t token = 0;
    std::optional<std::int64_t> run_at_ms;
    std::optional<std::int64_t> started_epoch;
    std::optional<std::int64_t> tried_ms;  ///< first try since it was made, replaced or replayed
    std::int64_t steps = 0;                ///< transitions in its history so far

    [[nodiscard]] Place place() const { return {state, priority, follow_up, kind, run_at_ms.value_or(0)}; }
};

/// Why a job is where it is; nothing: keep what the row says.
struct Words {
    std::string cause, detail, advice;
};

class SqliteTransaction final : public Transaction {
 public:
    /// Transitions that are kept of one job.
    static constexpr std::int64_t kHistoryMax = 32;

    SqliteTransaction(Workshop& shop, Effects& effects, std::int64_t now_ms)
        : shop_(shop), effects_(effects), now_ms_(now_ms) {}

    Result<Enqueued> enqueue(const NewJob& job) override;
    Result<void> start(const Claim& claim) override;
    Result<void> settle(const Claim& claim, const Settlement& settlement) override;
    Result<void> release(const std::string& lane, const std::string& key, std::int64_t level) override;
    Result<void> replay(JobId id) override;
    Result<void> cancel(JobId id) override;
    Result<void> resolve_by_hand(JobId id, const std::string& note) override;
    Result<void> park_blocked(JobId id, const std::string& cause, const std::string& detail,
                              const std::string& advice) override;
    Result<void> hold(const Hold& hold) override;
    Result<void> lift(const std::optional<std::string>& lane, const std::optional<std::string>& kind) override;
    Result<void> pause_lane(const std::string& lane, const LanePause& pause) override;
    Result<void> resume_lane(const std::string& lane) override;
    Result<Job> get(JobId id) override;
    std::optional<Job> find_open(const std::string& lane, const std::string& key) override;

    /// Scheduled and due -> waiting; anything else is left alone.
    void promote(JobId id);
    /// A hold whose time is over ends; a newer one stays.
    void end_hold(HoldScope scope);
    /// An idle job and its follow-up become one job with the newer body.
    void fold_idle(JobId id);
    /// The same, by the follow-up's id.
    void fold_into_main(JobId follow_up);

    Connection& connection() { return shop_.connection; }
    std::uint64_t next_token() { return shop_.tokens.next(); }
    std::int64_t lane_number(const std::string& name) { return shop_.names.lane(shop_.connection, name); }
    std::int64_t kind_number(const std::string& name) { return shop_.names.kind(shop_.connection, name); }

 private:
    std::optional<Row> row(JobId id);
    std::optional<Row> open_row(std::int64_t lane, const std::string& key, bool follow_up);
    Result<Row> claimed_row(const Claim& claim);
    bool hold(const Row& row);
    void write_body(JobId id, const std::string& body);
    void save(const Row& before, Row after, const std::optional<Words>& words);
    bool trace(const Row& before, const Row& after, const std::optional<Words>& words);
    void note(const std::optional<Row>& before, const Row& after, JobId follows = 0);
    void count_parked(const Row& before, const Row& after, const std::optional<Words>& words);

    Enqueued insert(Row row, const NewJob& job, JobId follows);
    Enqueued coalesce(const Row& before, const NewJob& job);
    Enqueued follow(const Row& main, const NewJob& job);
    void end_follow_up_as_folded(const Row& follow, JobId into);
    void take_over(Row& main, const Row& follow);
    void go_on(const Row& main);
    void end_by_person(const Row& before, JobState state, Words words);
    void end(const Row& before, JobState state, Words words);

    void replace_waits(const Row& row, const std::vector<Wait>& waits);
    void add_waits(const Row& row, const std::vector<Wait>& waits);
    std::vector<Row> less_urgent(std::int64_t lane, const std::string& key, Priority priority);
    bool has_waits(JobId id);
    void raise(std::int64_t lane, const std::vector<Wait>& waits, Priority priority);
    void free_waits(std::int64_t lane, const std::string& key, std::int64_t level);
    /// blocked, scheduled or waiting, by what the job waits for.
    JobState ready_state(const Row& row);

    Workshop& shop_;
    Effects& effects_;
    std::int64_t now_ms_;
};

/// What every transaction of this store is.
SqliteTransaction& over_sqlite(Transaction& transaction);

}  // namespace spillway::queue::sqlite
