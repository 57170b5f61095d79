// The relay's way through the outbox: fix a snapshot, find the rows that became visible, take them in by ascending ids,
// and only then count the snapshot as seen.

#include <limits>

#include "schema/runtime/log.hpp"
#include "services/relay/relay.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

/// Ours, not the payment database's: nothing of the page is in.
bool store_waits(const Error& error) { return error.kind == ErrorKind::unavailable; }

constexpr Millis kSaveEvery = std::chrono::seconds(60);
constexpr Millis kHolderEvery = std::chrono::seconds(15);
constexpr std::size_t kForgottenAtOnce = 500;

}  // namespace

asio::awaitable<Result<Relay::More>> Relay::work() {
    if (session_is_old()) leave();
    if (!session_) {
        auto entered = co_await enter();
        if (!entered.ok()) co_return std::move(entered).error();
    }
    if (!cursor_->target) {
        auto fixed = co_await next_target();
        if (!fixed.ok()) co_return std::move(fixed).error();
        if (!cursor_->target) {
            complete_at_ = clock_.steady_now();
            co_return More::later;
        }
    }
    if (!listed_) {
        auto listed = co_await list_ids();
        if (!listed.ok()) co_return std::move(listed).error();
        if (!listed_) co_return More::now;  // the walk goes on after the pause, or in another session
    }
    if (ids_.empty()) {
        auto finished = co_await finish_step();
        co_return finished;
    }
    auto taken = co_await take_page();
    co_return taken;
}

asio::awaitable<Result<void>> Relay::enter() {
    auto session = co_await db_.open();
    if (!session.ok()) co_return std::move(session).error();
    session_ = *std::move(session);
    if (released_) co_return Error{ErrorKind::cancelled, "released", "released while it connected"};
    session_since_ = clock_.steady_now();
    ++status_.counts.sessions;
    auto checked = co_await check_identity();
    co_return checked;
}

asio::awaitable<Result<void>> Relay::check_identity() {
    auto identity = co_await session_->identify();
    if (!identity.ok()) co_return std::move(identity).error();
    auto now = co_await session_->snapshot();
    if (!now.ok()) co_return std::move(now).error();
    Verdict verdict = judge(cursor_, *identity, *now);
    if (verdict == Verdict::go_on && !cursor_->last_event.empty() && !identity->replica) {
        std::vector<std::int64_t> last{cursor_->last_id};
        auto rows = co_await session_->rows(std::move(last));
        if (!rows.ok()) co_return std::move(rows).error();
        const auto found = rows->empty() ? std::optional<OutboxRow>() : std::optional<OutboxRow>(rows->front());
        if (last_row_proves_rewind(*cursor_, found, clock_.wall_now(), limits_.rows_kept)) verdict = Verdict::rewound;
    }
    auto applied = co_await apply_verdict(verdict, *identity);
    if (!applied.ok() || identity->replica) co_return applied;
    auto own = co_await check_imported(*now);
    co_return own;
}

/// Rows that came with a dump carry the transaction ids of the cluster that they were written in. Those above ours
/// would show no sooner than our counter gets there.
asio::awaitable<Result<void>> Relay::check_imported(Snapshot now) {
    constexpr Xid kLast = std::numeric_limits<std::int64_t>::max();
    KeyRange above{now.xmax, kLast, {}, 1, {}};
    auto keys = co_await session_->keys_between(above);
    if (!keys.ok()) co_return std::move(keys).error();
    if (keys->empty()) co_return success();
    auto later = co_await session_->snapshot();
    if (!later.ok()) co_return std::move(later).error();
    if (keys->front().xid < later->xmax) co_return success();  // written just now
    co_return invalid("outbox_imported",
                      "the outbox holds rows with transaction ids of another cluster (a dump was loaded): run UPDATE "
                      "spillway_outbox SET xid = DEFAULT WHERE xid >= pg_current_xact_id()");
}

asio::awaitable<Result<void>> Relay::apply_verdict(Verdict verdict, Identity identity) {
    const WallTime now = clock_.wall_now();
    Result<void> done = success();
    switch (verdict) {
        case Verdict::first:
            cursor_ = start_over(identity, {});
            forget_step();
            break;
        case Verdict::go_on:
            cursor_->identity.replica = identity.replica;
            if (reread_asked_) done = co_await read_again(identity, alarm_);
            break;
        case Verdict::behind:
            co_return Error{ErrorKind::unavailable, "replica_behind", "the replica has not got as far as the cursor"};
        case Verdict::failed_over:
            done = co_await read_again(
                identity, Alarm{"payment_db_failed_over",
                                "the payment database is on timeline " + std::to_string(identity.timeline) +
                                    ", it was on " + std::to_string(cursor_->identity.timeline) +
                                    ": commits may have been lost; the outbox is read again",
                                now});
            break;
        case Verdict::rewound:
            done = co_await read_again(identity, Alarm{"payment_db_rewound",
                                                       "the payment database was set back to an earlier moment: "
                                                       "payments may be missing; the outbox is read again",
                                                       now});
            break;
        case Verdict::other:
            if (accept_other_) {
                done = co_await read_again(identity, std::nullopt);
                break;
            }
            done = co_await keep_alarm({"payment_db_other",
                                        "this is not the payment database that was read before (system identifier " +
                                            identity.system + ", was " + cursor_->identity.system +
                                            "): nothing is read until `spillway relay resume`",
                                        now});
            stopped_ = true;
            enter_state("stopped", "payment_db_other", alarm_ ? alarm_->detail : "");
            co_return Error{ErrorKind::conflict, "payment_db_other", "another payment database"};
    }
    if (done.ok()) accept_other_ = false;
    co_return done;
}

asio::awaitable<Result<void>> Relay::keep_alarm(Alarm alarm) {
    log_error("relay_alarm", {{"code", alarm.code}, {"detail", alarm.detail}});
    alarm_ = alarm;
    queue::Work work = [alarm](queue::Transaction& transaction) -> Result<void> {
        save_alarm(queue::sqlite::connection_of(transaction), alarm);
        return success();
    };
    auto saved = co_await store_.commit(queue::CommandClass::settle, std::move(work));
    co_return saved;
}

asio::awaitable<Result<void>> Relay::read_again(Identity identity, std::optional<Alarm> alarm) {
    // A day less than event ids are remembered: what is read again is certainly known.
    Cursor cursor = start_over(identity, clock_.wall_now() - limits_.remember + std::chrono::days(1));
    auto saved = co_await save(cursor, alarm);
    if (!saved.ok()) co_return saved;
    if (alarm) log_error("relay_alarm", {{"code", alarm->code}, {"detail", alarm->detail}});
    cursor_ = std::move(cursor);
    alarm_ = std::move(alarm);
    reread_asked_ = false;
    forget_step();
    co_return success();
}

asio::awaitable<Result<void>> Relay::save(Cursor cursor, std::optional<Alarm> alarm) {
    queue::Work work = [cursor = std::move(cursor), alarm = std::move(alarm)](queue::Transaction& transaction) {
        save_cursor(queue::sqlite::connection_of(transaction), cursor);
        save_alarm(queue::sqlite::connection_of(transaction), alarm);
        return success();
    };
    auto saved = co_await store_.commit(queue::CommandClass::intake, std::move(work));
    if (saved.ok()) saved_at_ = clock_.steady_now();
    co_return saved;
}

asio::awaitable<Result<void>> Relay::next_target() {
    ++status_.counts.polls;
    auto now = co_await session_->snapshot();
    if (!now.ok()) co_return std::move(now).error();
    // The identity is checked once a session: within one, time only goes forward.
    begin_step(*cursor_, *now);
    forget_step();
    co_await look_for_holder(*now);
    co_return success();
}

asio::awaitable<Result<void>> Relay::list_ids() {
    if (!walk_) {
        walk_.emplace(cursor_->seen, *cursor_->target, cursor_->after, cursor_->reread_since, limits_.walk);
    }
    while (!walk_->done() && !session_is_old()) {
        const SteadyTime begin = clock_.steady_now();
        auto advanced = co_await walk_->advance(*session_);
        if (!advanced.ok()) {
            if (advanced.error().code == "statement_timeout") walk_->shrink();
            co_return advanced;
        }
        status_.longest_statement = std::max(status_.longest_statement, clock_.steady_now() - begin);
        if (pace_ > Millis{0}) break;  // slowed down, one statement is one read
    }
    if (!walk_->done()) co_return success();
    auto [ids, more] = walk_->take();
    std::ranges::reverse(ids);
    ids_ = std::move(ids);
    more_behind_ = more;
    listed_ = true;
    walk_.reset();
    co_return success();
}

asio::awaitable<Result<Relay::More>> Relay::finish_step() {
    if (more_behind_) {
        forget_step();
        co_return More::now;
    }
    Cursor next = *cursor_;
    end_step(next);
    // Steps without rows are durable now and then only: taken again after a crash, they find nothing.
    const bool due = clock_.steady_now() - saved_at_ >= kSaveEvery || cursor_->reread_since;
    if (due) {
        auto saved = co_await save(next, alarm_);
        if (!saved.ok()) co_return std::move(saved).error();
    }
    cursor_ = std::move(next);
    forget_step();
    complete_at_ = clock_.steady_now();
    co_return More::later;
}

asio::awaitable<Result<std::vector<OutboxRow>>> Relay::fetch(std::vector<std::int64_t> ids) {
    const SteadyTime begin = clock_.steady_now();
    const bool alone = ids.size() == 1;
    auto rows = co_await session_->rows(std::move(ids));
    adapt_page(clock_.steady_now() - begin);
    if (!rows.ok()) {
        const bool shrinks = rows.error().code == "row_unreadable" || rows.error().code == "statement_timeout";
        if (shrinks && !alone)
            page_rows_ = rows.error().code == "row_unreadable" ? 1 : std::max<std::size_t>(1, page_rows_ / 4);
    }
    co_return rows;
}

void Relay::adapt_page(Millis statement) {
    status_.longest_statement = std::max(status_.longest_statement, statement);
    if (statement > limits_.statement_target)
        page_rows_ = std::max<std::size_t>(1, page_rows_ / 2);
    else
        page_rows_ = std::min(page_rows_ + page_rows_ / 4 + 1, limits_.rows_max);
}

void Relay::note_gone(std::size_t rows) {
    status_.counts.gone += static_cast<std::int64_t>(rows);
    log_error("relay_rows_gone", {{"rows", rows}});
}

asio::awaitable<Result<Relay::More>> Relay::take_page() {
    std::vector<std::int64_t> page;
    const std::size_t size = std::min(page_rows_, ids_.size());
    for (std::size_t i = 0; i < size; ++i) page.push_back(ids_[ids_.size() - 1 - i]);
    auto rows = co_await fetch(page);
    if (!rows.ok()) {
        if (rows.error().code == "row_unreadable") co_return More::now;  // one by one from here
        co_return std::move(rows).error();
    }
    // The page's bytes may end before its rows do; the first row always comes whole.
    const auto cut = std::ranges::find_if(*rows, [](const OutboxRow& row) { return row.cut; });
    if (cut != rows->end()) {
        std::erase_if(page, [id = cut->id](std::int64_t each) { return each >= id; });
        rows->erase(cut, rows->end());
    }
    if (rows->size() < page.size()) note_gone(page.size() - rows->size());
    Cursor next = *cursor_;
    next.after = page.back();
    if (!rows->empty()) {
        next.last_id = rows->back().id;
        next.last_event = rows->back().event_id;
        next.last_at = clock_.wall_now() - rows->back().age;
    }
    const bool last = page.size() == ids_.size() && !more_behind_;
    if (last) end_step(next);
    auto taken = co_await take_in(*std::move(rows), next);
    if (!taken.ok()) co_return std::move(taken).error();
    cursor_ = std::move(next);
    ids_.resize(ids_.size() - page.size());
    if (last) {
        forget_step();
        complete_at_ = clock_.steady_now();
    }
    co_return More::now;
}

asio::awaitable<Result<void>> Relay::take_in(std::vector<OutboxRow> rows, Cursor next) {
    const SteadyTime begin = clock_.steady_now();
    Millis oldest{};
    for (const OutboxRow& row : rows) oldest = std::max(oldest, row.age);
    const bool any = !rows.empty();
    std::function<Result<std::vector<CheckedRow>>(store::Connection&)> check =
        [rows = std::move(rows)](store::Connection&) { return check_rows(rows); };
    auto checked = co_await store_.read<std::vector<CheckedRow>>(std::move(check));
    if (!checked.ok()) co_return std::move(checked).error();
    if (stands_back_ && stands_back_())
        co_return Error{ErrorKind::unavailable, "in_repair", "records in the spill file go first"};
    auto taken = co_await commit_rows(*checked, next);
    if (!taken.ok() && !store_waits(taken.error())) taken = co_await commit_one_by_one(*checked, next);
    if (!taken.ok()) co_return std::move(taken).error();
    saved_at_ = clock_.steady_now();
    Counts& counts = status_.counts;
    counts.accepted += taken->accepted;
    counts.unchanged += taken->unchanged;
    counts.superseded += taken->superseded;
    counts.duplicate += taken->duplicate;
    counts.refused += taken->refused;
    if (any) status_.lag = oldest + (clock_.steady_now() - begin);
    co_return success();
}

asio::awaitable<Result<Taken>> Relay::commit_rows(std::vector<CheckedRow> rows, Cursor next) {
    const WallTime now = clock_.wall_now();
    std::function<Result<Taken>(queue::Transaction&)> accept =
        [rows = std::move(rows), next = std::move(next), now,
         forget = now - limits_.remember](queue::Transaction& transaction) -> Result<Taken> {
        auto taken = accept_rows(transaction, rows, now);
        if (!taken.ok()) return taken;
        auto& connection = queue::sqlite::connection_of(transaction);
        save_cursor(connection, next);
        forget_events(connection, forget, kForgottenAtOnce);
        return taken;
    };
    auto taken = co_await store_.commit_value<Taken>(queue::CommandClass::intake, std::move(accept));
    co_return taken;
}

asio::awaitable<Result<Taken>> Relay::commit_one_by_one(std::vector<CheckedRow> rows, Cursor next) {
    Taken all;
    for (CheckedRow& row : rows) {
        Cursor here = *cursor_;
        here.after = row.row.id;
        std::vector<CheckedRow> alone{row};
        auto taken = co_await commit_rows(std::move(alone), here);
        if (!taken.ok() && !store_waits(taken.error())) {
            log_error("relay_row_failed", {{"code", taken.error().code}, {"detail", taken.error().detail}});
            row.error = invalid("intake_failed", taken.error().code + ": " + taken.error().detail);
            std::vector<CheckedRow> refused{row};
            taken = co_await commit_rows(std::move(refused), here);
        }
        if (!taken.ok()) co_return taken;
        all += *taken;
    }
    std::vector<CheckedRow> none;
    auto ended = co_await commit_rows(std::move(none), std::move(next));
    if (!ended.ok()) co_return ended;
    co_return all;
}

asio::awaitable<void> Relay::look_for_holder(Snapshot now) {
    const SteadyTime at = clock_.steady_now();
    const bool open = now.xmin < now.xmax;
    if (!open || !oldest_ || oldest_->first != now.xmin) {
        oldest_.reset();
        status_.holder.reset();
        if (open) oldest_.emplace(now.xmin, at);
    }
    if (!oldest_ || at - oldest_->second < limits_.holder_alert || at - holder_asked_ < kHolderEvery) co_return;
    holder_asked_ = at;
    const bool known = status_.holder.has_value();
    auto holders = co_await session_->holders();
    Holder holder{now.xmin, at - oldest_->second, "transaction " + std::to_string(now.xmin)};
    if (holders.ok() && !holders->empty()) holder = holders->front();
    holder.open_for = std::max(holder.open_for, at - oldest_->second);
    if (!known) log_warn("relay_long_transaction", {{"who", holder.who}, {"open_ms", holder.open_for}});
    status_.holder = std::move(holder);
}

}  // namespace spillway::relay
