#include "queue/sqlite/transaction.hpp"

#include <algorithm>
#include <limits>

#include "schema/date.hpp"
#include "schema/simulated.hpp"

namespace spillway::queue::sqlite {

namespace {

constexpr std::size_t kBodyBytesMax = 4096;

Error conflict(std::string code, std::string detail) {
    return {ErrorKind::conflict, std::move(code), std::move(detail)};
}
Error no_such_job(JobId id) { return {ErrorKind::not_found, "no_such_job", "there is no job " + std::to_string(id)}; }

bool may_wait(JobState state) {
    return state == JobState::waiting || state == JobState::scheduled || state == JobState::blocked;
}

std::optional<std::int64_t> optional_ms(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return to_ms(*time);
}

std::optional<Error> refusal(const NewJob& job) {
    if (job.lane.empty() || job.kind.empty() || job.key.empty()) {
        return invalid("incomplete_job", "lane, kind and key are needed");
    }
    if (job.body.size() > kBodyBytesMax) return invalid("body_too_large", "a job's body has at most 4096 bytes");
    return std::nullopt;
}

}  // namespace

Result<Enqueued> SqliteTransaction::enqueue(const NewJob& job) {
    if (auto error = refusal(job)) return *std::move(error);
    const std::int64_t lane = shop_.names.lane(shop_.connection, job.lane);
    raise(lane, job.waits, job.priority);
    const std::optional<Row> main = open_row(lane, job.key, /*follow_up=*/false);
    if (!main) {
        Row row;
        row.lane = lane;
        return insert(std::move(row), job, 0);
    }
    if (main->state == JobState::unknown || !hold(*main)) return follow(*main, job);
    return coalesce(*main, job);
}

Enqueued SqliteTransaction::insert(Row row, const NewJob& job, JobId follows) {
    row.kind = shop_.names.kind(shop_.connection, job.kind);
    row.key = job.key;
    row.priority = job.priority;
    row.run_at_ms = optional_ms(job.not_before);
    row.follow_up = follows != 0;
    row.token = shop_.tokens.next();
    row.state = row.follow_up || !job.waits.empty() ? JobState::blocked : ready_state(row);
    run(shop_.connection,
        "INSERT INTO jobs (lane_id, kind_id, key, priority, state, follow_up, token, run_at_ms, created_ms, "
        "changed_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        row.lane, row.kind, row.key, static_cast<std::int64_t>(row.priority), static_cast<std::int64_t>(row.state),
        static_cast<std::int64_t>(row.follow_up), static_cast<std::int64_t>(row.token), row.run_at_ms, now_ms_);
    row.id = shop_.connection.database().getLastInsertRowid();
    write_body(row.id, job.body);
    add_waits(row, job.waits);
    note(std::nullopt, row, follows);
    return {row.id, follows == 0 ? Placed::created : Placed::follow_up};
}

Enqueued SqliteTransaction::coalesce(const Row& before, const NewJob& job) {
    // A follow-up of a job that was handed back carries an older body than this one.
    if (const auto older = open_row(before.lane, before.key, /*follow_up=*/true)) {
        end_follow_up_as_folded(*older, before.id);
    }
    Row after = before;
    after.kind = shop_.names.kind(shop_.connection, job.kind);
    after.priority = std::min(before.priority, job.priority);
    if (before.state == JobState::parked) {
        after.attempts = after.crashes = 0;
        after.run_at_ms.reset();
        after.tried_ms.reset();
    } else if (before.attempts == 0) {
        after.run_at_ms.reset();  // what stays is the back-off of an earlier attempt
    }
    if (job.not_before) after.run_at_ms = std::max(after.run_at_ms.value_or(0), to_ms(*job.not_before));
    replace_waits(after, job.waits);
    after.state = ready_state(after);
    after.token = shop_.tokens.next();
    write_body(after.id, job.body);
    save(before, after, before.state == JobState::parked ? std::optional(Words{}) : std::nullopt);
    return {after.id, Placed::coalesced};
}

Enqueued SqliteTransaction::follow(const Row& main, const NewJob& job) {
    const std::optional<Row> before = open_row(main.lane, main.key, /*follow_up=*/true);
    if (!before) {
        Row row;
        row.lane = main.lane;
        return insert(std::move(row), job, main.id);
    }
    Row after = *before;
    after.kind = shop_.names.kind(shop_.connection, job.kind);
    after.priority = std::min(before->priority, job.priority);
    after.run_at_ms = optional_ms(job.not_before);
    after.token = shop_.tokens.next();
    replace_waits(after, job.waits);
    write_body(after.id, job.body);
    save(*before, after, std::nullopt);
    return {after.id, Placed::follow_up};
}

Result<Row> SqliteTransaction::claimed_row(const Claim& claim) {
    const std::optional<Row> found = row(claim.id);
    if (!found) return no_such_job(claim.id);
    const bool state_allows = found->state == JobState::waiting || found->state == JobState::unknown;
    // The row's token fences across processes; the claim table across time within this one.
    const bool overtaken = !state_allows || found->token > claim.token || !shop_.claims.current(claim);
    if (overtaken && !SPILLWAY_DEFECT("token_not_checked")) {
        return conflict("stale_claim", "the claim of job " + std::to_string(claim.id) + " was overtaken");
    }
    return *found;
}

Result<void> SqliteTransaction::start(const Claim& claim) {
    const Result<Row> before = claimed_row(claim);
    if (!before.ok()) return before.error();
    Row after = before.value();
    after.state = JobState::unknown;
    after.started_epoch = shop_.tokens.epoch();
    after.token = claim.token;
    after.tried_ms = before.value().tried_ms.value_or(now_ms_);
    save(before.value(), after, std::nullopt);
    return success();
}

Result<void> SqliteTransaction::settle(const Claim& claim, const Settlement& settlement) {
    const Result<Row> found = claimed_row(claim);
    if (!found.ok()) return found.error();
    const Row& before = found.value();
    SPILLWAY_ASSERT(settlement.state != JobState::running);
    Row after = before;
    Words words{settlement.cause, settlement.detail, settlement.advice};
    after.attempts += settlement.counts_attempt ? 1 : 0;
    after.started_epoch.reset();
    after.run_at_ms = optional_ms(settlement.run_at);
    after.token = shop_.tokens.next();  // ends the claim: a second settle of it is stale
    after.tried_ms = before.tried_ms.value_or(now_ms_);
    after.state = settlement.state;
    // What could be claimed waited for nothing.
    if (!settlement.waits.empty()) replace_waits(after, settlement.waits);
    if (may_wait(after.state)) {
        after.state = ready_state(after);
        if (after.crashes >= shop_.crashes_max) {
            after.state = JobState::parked;
            words = {"poison", "the process ended " + std::to_string(after.crashes) + " times while this job ran", ""};
        } else if (after.state != JobState::blocked && now_ms_ - *after.tried_ms > shop_.age_max.count()) {
            after.state = JobState::parked;
            words.detail = "tried in vain since " + format_utc(from_ms(*after.tried_ms)) +
                           (words.detail.empty() ? "" : "; last: " + words.detail);
            words.cause = "too_old";
        }
    }
    raise(after.lane, settlement.waits, after.priority);
    const std::optional<Row> follow = open_row(before.lane, before.key, /*follow_up=*/true);
    if (follow && !is_ended(after.state) && after.state != JobState::unknown) {
        if (after.state == JobState::parked) words = {};
        take_over(after, *follow);
    }
    save(before, after, words);
    if (is_ended(after.state) && follow) go_on(after);
    if (settlement.releases_level) free_waits(after.lane, after.key, *settlement.releases_level);
    return success();
}

/// `main` is on its way back to the queue or to a person: the newer body goes instead.
void SqliteTransaction::take_over(Row& main, const Row& follow) {
    if (main.state == JobState::parked) {
        main.attempts = main.crashes = 0;
        main.run_at_ms.reset();
        main.tried_ms.reset();
    }
    run(shop_.connection, "DELETE FROM waits WHERE job_id = ?1", main.id);
    run(shop_.connection, "UPDATE waits SET job_id = ?1 WHERE job_id = ?2", main.id, follow.id);
    end_follow_up_as_folded(follow, main.id);
    run(shop_.connection,
        "UPDATE job_bodies SET body = (SELECT body FROM job_bodies WHERE job_id = ?2) WHERE job_id = ?1", main.id,
        follow.id);
    main.kind = follow.kind;
    main.priority = std::min(main.priority, follow.priority);
    if (follow.run_at_ms) main.run_at_ms = std::max(main.run_at_ms.value_or(0), *follow.run_at_ms);
    main.state = ready_state(main);
}

void SqliteTransaction::end_follow_up_as_folded(const Row& follow, JobId into) {
    end(follow, JobState::superseded, {"folded", "carried on by job " + std::to_string(into), ""});
}

void SqliteTransaction::end(const Row& before, JobState state, Words words) {
    Row after = before;
    after.state = state;
    after.token = shop_.tokens.next();
    after.started_epoch.reset();
    run(shop_.connection, "DELETE FROM waits WHERE job_id = ?1", before.id);
    save(before, after, words);
}

/// `main` has ended: its follow-up takes its place.
void SqliteTransaction::go_on(const Row& main) {
    if (main.follow_up) return;
    const std::optional<Row> before = open_row(main.lane, main.key, /*follow_up=*/true);
    if (!before) return;
    Row after = *before;
    after.follow_up = false;
    after.state = ready_state(after);
    after.token = shop_.tokens.next();
    save(*before, after, std::nullopt);
}

void SqliteTransaction::fold_idle(JobId id) {
    const std::optional<Row> before = row(id);
    if (!before || is_ended(before->state) || before->state == JobState::unknown || before->follow_up) return;
    const std::optional<Row> follow = open_row(before->lane, before->key, /*follow_up=*/true);
    if (!follow || !hold(*before)) return;
    Row after = *before;
    after.token = shop_.tokens.next();
    take_over(after, *follow);
    save(*before, after, std::nullopt);
}

void SqliteTransaction::fold_into_main(JobId follow_up) {
    const std::optional<Row> follow = row(follow_up);
    if (!follow) return;
    if (const auto main = open_row(follow->lane, follow->key, /*follow_up=*/false)) fold_idle(main->id);
}

Result<void> SqliteTransaction::release(const std::string& lane, const std::string& key, std::int64_t level) {
    if (const auto id = shop_.names.find_lane(lane)) free_waits(*id, key, level);
    return success();
}

Result<void> SqliteTransaction::replay(JobId id) {
    const std::optional<Row> before = row(id);
    if (!before) return no_such_job(id);
    if (before->state != JobState::parked)
        return conflict("not_parked", "job " + std::to_string(id) + " is not parked");
    hold(*before);
    Row after = *before;
    after.attempts = after.crashes = 0;
    after.run_at_ms.reset();
    after.tried_ms.reset();
    after.state = ready_state(after);
    after.token = shop_.tokens.next();
    save(*before, after, Words{});
    return success();
}

Result<void> SqliteTransaction::cancel(JobId id) {
    const std::optional<Row> before = row(id);
    if (!before) return no_such_job(id);
    const std::string name = "job " + std::to_string(id);
    if (is_ended(before->state)) return conflict("already_ended", name + " has already ended");
    if (before->state == JobState::unknown || !hold(*before))
        return conflict("in_flight", name + " is being carried out");
    end_by_person(*before, JobState::cancelled, Words{});
    return success();
}

Result<void> SqliteTransaction::resolve_by_hand(JobId id, const std::string& note_text) {
    const std::optional<Row> before = row(id);
    if (!before) return no_such_job(id);
    if (before->state != JobState::parked)
        return conflict("not_parked", "job " + std::to_string(id) + " is not parked");
    hold(*before);
    end_by_person(*before, JobState::resolved_by_hand, {"", note_text, ""});
    return success();
}

/// No settlement of this key may ever come again, so nothing else would free what waits for it.
void SqliteTransaction::end_by_person(const Row& before, JobState state, Words words) {
    end(before, state, std::move(words));
    go_on(before);
    if (!open_row(before.lane, before.key, /*follow_up=*/false))
        free_waits(before.lane, before.key, std::numeric_limits<std::int64_t>::max());
}

Result<void> SqliteTransaction::park_blocked(JobId id, const std::string& cause, const std::string& detail,
                                             const std::string& advice) {
    const std::optional<Row> before = row(id);
    if (!before) return no_such_job(id);
    if (before->state != JobState::blocked || before->follow_up || !hold(*before))
        return conflict("not_blocked", "job " + std::to_string(id) + " is not blocked");
    Row after = *before;
    after.state = JobState::parked;
    after.token = shop_.tokens.next();
    save(*before, after, Words{cause, detail, advice});
    return success();
}

Result<void> SqliteTransaction::hold(const Hold& hold) {
    const HoldScope scope{hold.lane ? shop_.names.lane(shop_.connection, *hold.lane) : 0,
                          hold.kind ? shop_.names.kind(shop_.connection, *hold.kind) : 0};
    run(shop_.connection,
        "INSERT INTO holds (lane_id, kind_id, reason, since_ms, until_ms) VALUES (?1, ?2, ?3, ?4, ?5) "
        "ON CONFLICT (lane_id, kind_id) DO UPDATE SET reason = excluded.reason, since_ms = excluded.since_ms, "
        "until_ms = excluded.until_ms",
        scope.lane, scope.kind, hold.reason, now_ms_, optional_ms(hold.until));
    effects_.holds.push_back({scope, LanePause{hold.reason, hold.until}, now_ms_});
    return success();
}

Result<void> SqliteTransaction::lift(const std::optional<std::string>& lane, const std::optional<std::string>& kind) {
    const auto lane_id = lane ? shop_.names.find_lane(*lane) : std::optional<std::int64_t>(0);
    const auto kind_id = kind ? shop_.names.find_kind(*kind) : std::optional<std::int64_t>(0);
    if (!lane_id || !kind_id) return success();  // never heard of: not held either
    run(shop_.connection, "DELETE FROM holds WHERE lane_id = ?1 AND kind_id = ?2", *lane_id, *kind_id);
    effects_.holds.push_back({{*lane_id, *kind_id}, std::nullopt});
    return success();
}

Result<void> SqliteTransaction::pause_lane(const std::string& lane, const LanePause& pause) {
    return hold({lane, std::nullopt, pause.reason, {}, pause.until});
}

Result<void> SqliteTransaction::resume_lane(const std::string& lane) { return lift(lane, std::nullopt); }

void SqliteTransaction::end_hold(HoldScope scope) {
    SQLite::Statement& ended =
        bound(shop_.connection, "DELETE FROM holds WHERE lane_id = ?1 AND kind_id = ?2 AND until_ms <= ?3", scope.lane,
              scope.kind, now_ms_);
    if (ended.exec() == 1) effects_.holds.push_back({scope, std::nullopt});
}

void SqliteTransaction::promote(JobId id) {
    const std::optional<Row> before = row(id);
    if (!before || before->state != JobState::scheduled) return;
    Row after = *before;
    after.state = ready_state(*before);
    if (after.state == JobState::scheduled) return;
    save(*before, after, std::nullopt);
}

}  // namespace spillway::queue::sqlite
