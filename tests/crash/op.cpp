#include "tests/crash/op.hpp"

#include <sstream>

#include "tests/unit/queue/store_fixture.hpp"

namespace spillway::queue::test {

namespace {

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string text_of(const std::vector<Wait>& waits) {
    std::string text;
    for (const Wait& wait : waits) text += (text.empty() ? "" : ",") + wait.key + ":" + std::to_string(wait.level);
    return or_dash(text);
}

std::vector<Wait> waits_from(const std::string& text) {
    std::vector<Wait> waits;
    if (text == "-") return waits;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
        const std::size_t colon = part.find(':');
        waits.push_back({part.substr(0, colon), std::stoll(part.substr(colon + 1))});
    }
    return waits;
}

Result<void> enqueue(Transaction& transaction, const Op& op, Outcome& outcome) {
    const auto made = transaction.enqueue(op.job());
    if (!made.ok()) return made.error();
    outcome.id = made->id;
    outcome.placed = made->placed;
    return success();
}

Result<void> change(Transaction& transaction, const Op& op, Outcome& outcome) {
    switch (op.verb) {
        case Verb::enqueue:
        case Verb::enqueue_rolled_back: return enqueue(transaction, op, outcome);
        case Verb::start: return transaction.start(op.claim);
        case Verb::settle: return transaction.settle(op.claim, op.settlement());
        case Verb::settle_and_enqueue: {
            auto settled = transaction.settle(op.claim, op.settlement());
            return settled.ok() ? enqueue(transaction, op, outcome) : settled;
        }
        case Verb::release: return transaction.release(op.lane, op.key, 1);
        case Verb::replay: return transaction.replay(op.claim.id);
        case Verb::cancel: return transaction.cancel(op.claim.id);
        case Verb::resolve: return transaction.resolve_by_hand(op.claim.id, "by hand");
        case Verb::park: return transaction.park_blocked(op.claim.id, "late", "never came", "send it");
        case Verb::pause: {
            LanePause pause{"paused", std::nullopt};
            if (op.at_ms != 0) pause.until = from_ms(op.at_ms);
            return transaction.pause_lane(op.lane, pause);
        }
        case Verb::resume: return transaction.resume_lane(op.lane);
        case Verb::hold: {
            Hold hold;
            hold.kind = "push";
            hold.reason = "held";
            if (op.at_ms != 0) hold.until = from_ms(op.at_ms);
            return transaction.hold(hold);
        }
        case Verb::lift: return transaction.lift(std::nullopt, "push");
    }
    return Error{ErrorKind::bug, "no_such_verb", ""};
}

}  // namespace

std::string_view to_string(Verb verb) {
    constexpr std::string_view kNames[] = {"enqueue",
                                           "enqueue_rolled_back",
                                           "start",
                                           "settle",
                                           "settle_and_enqueue",
                                           "release",
                                           "replay",
                                           "cancel",
                                           "resolve",
                                           "park",
                                           "pause",
                                           "resume",
                                           "hold",
                                           "lift"};
    return kNames[static_cast<std::size_t>(verb)];
}

NewJob Op::job() const {
    NewJob job;
    job.lane = lane;
    job.kind = "push";
    job.key = key;
    job.body = full_body();
    job.waits = waits;
    if (at_ms != 0) job.not_before = from_ms(at_ms);
    return job;
}

Settlement Op::settlement() const {
    const WallTime later = from_ms(now_ms + 40'000);
    switch (how) {
        case How::applied: return Settlement::applied(1);
        case How::differs: return Settlement::applied_with_difference(1, "0.01");
        case How::superseded: return Settlement::superseded("newer");
        case How::parked: return Settlement::parked("bad", "words", "fix");
        case How::retry: return Settlement::retry_at(later, "down", "503");
        case How::again: return Settlement::again();
        case How::later: return Settlement::again(later);
        case How::blocked: return Settlement::blocked({{"w0", 1}, {"w1", 1}});
        case How::unknown: return Settlement::unknown("cut");
    }
    return Settlement::again();
}

CommandClass Op::command_class() const {
    const bool intake = verb == Verb::enqueue || verb == Verb::enqueue_rolled_back;
    return intake ? CommandClass::intake : CommandClass::settle;
}

std::string to_line(const Op& op) {
    std::ostringstream line;
    line << static_cast<int>(op.verb) << ' ' << op.lane << ' ' << op.now_ms << ' ' << or_dash(op.key) << ' '
         << or_dash(op.body) << ' ' << op.padding << ' ' << text_of(op.waits) << ' ' << op.at_ms << ' ' << op.claim.id
         << ' ' << op.claim.token << ' ' << static_cast<int>(op.how);
    return line.str();
}

Op op_from(const std::string& line) {
    std::istringstream in(line);
    Op op;
    int verb = 0, how = 0;
    std::string waits;
    in >> verb >> op.lane >> op.now_ms >> op.key >> op.body >> op.padding >> waits >> op.at_ms >> op.claim.id >>
        op.claim.token >> how;
    SPILLWAY_ASSERT(!in.fail());
    op.verb = static_cast<Verb>(verb);
    op.how = static_cast<How>(how);
    op.waits = waits_from(waits);
    if (op.key == "-") op.key.clear();
    if (op.body == "-") op.body.clear();
    return op;
}

Result<void> carry_out(Transaction& transaction, const Op& op, std::uint64_t slot, Outcome& outcome) {
    auto changed = change(transaction, op, outcome);
    if (!changed.ok()) return changed;
    SQLite::Statement& row =
        sqlite::connection_of(transaction).statement("INSERT INTO ledger (slot, job, placed) VALUES (?1, ?2, ?3)");
    row.bind(1, static_cast<std::int64_t>(slot));
    row.bind(2, outcome.id);
    row.bind(3, static_cast<int>(outcome.placed));
    row.exec();
    if (op.verb == Verb::enqueue_rolled_back) return invalid("changed_my_mind", "");
    return success();
}

sqlite::Settings settings_with_ledger(const std::string& path) {
    sqlite::Settings settings = settings_for(path);
    static const auto migrations = [&] {
        std::vector<std::pair<std::string_view, std::string_view>> all(settings.migrations.begin(),
                                                                       settings.migrations.end());
        all.emplace_back("9999_ledger.sql",
                         "CREATE TABLE ledger (n INTEGER PRIMARY KEY AUTOINCREMENT, slot INTEGER NOT NULL UNIQUE, "
                         "job INTEGER NOT NULL, placed INTEGER NOT NULL) STRICT;");
        return all;
    }();
    settings.migrations = migrations;
    return settings;
}

}  // namespace spillway::queue::test
