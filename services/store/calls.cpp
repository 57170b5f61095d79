#include "services/store/calls.hpp"

namespace spillway::store {
namespace {

std::string_view word(IntentEnd end) {
    switch (end) {
        case IntentEnd::applied: return "applied";
        case IntentEnd::rejected: return "rejected";
        case IntentEnd::not_applied: return "not_applied";
    }
    return "rejected";
}

Result<void> insert_intent(Connection& connection, const Call& call, std::size_t ordinal, Intent& intent) {
    auto& insert = connection.statement(
        "INSERT INTO intents (call_key, ordinal, record_id, record_version, job_id, object, state) "
        "VALUES (:call, :ordinal, :record, :version, :job, :object, 'open')");
    insert.bind(":call", call.key);
    insert.bind(":ordinal", static_cast<std::int64_t>(ordinal));
    insert.bind(":record", intent.record_id);
    insert.bind(":version", intent.record_version);
    insert.bind(":job", intent.job_id);
    insert.bind(":object", write_object(intent.object));
    insert.exec();
    intent.id = connection.database().getLastInsertRowid();
    return success();
}

std::vector<Intent> intents_of(Connection& connection, const std::string& key) {
    auto& select = connection.statement(
        "SELECT id, record_id, record_version, job_id, object, state FROM intents WHERE call_key = :call "
        "ORDER BY ordinal");
    select.bind(":call", key);
    std::vector<Intent> intents;
    while (select.executeStep()) {
        Intent intent;
        intent.id = select.getColumn(0).getInt64();
        intent.record_id = select.getColumn(1).getInt64();
        intent.record_version = select.getColumn(2).getInt64();
        intent.job_id = select.getColumn(3).getInt64();
        auto object = read_object(select.getColumn(4).getString());
        SPILLWAY_ASSERT(object.ok());
        intent.object = std::move(*object);
        intent.open = select.getColumn(5).getString() == "open";
        intents.push_back(std::move(intent));
    }
    return intents;
}

}  // namespace

Result<void> open_call(Connection& connection, Call& call) {
    auto& insert = connection.statement(
        "INSERT INTO calls (key, connection_id, operation, method, target, body, epoch, state, sent_ms) "
        "VALUES (:key, :connection, :operation, :method, :target, :body, :epoch, 'open', :sent)");
    insert.bind(":key", call.key);
    insert.bind(":connection", call.connection.value);
    insert.bind(":operation", call.request.operation);
    insert.bind(":method", call.request.method);
    insert.bind(":target", call.request.target);
    insert.bind(":body", call.request.body.data(), static_cast<int>(call.request.body.size()));
    insert.bind(":epoch", static_cast<std::int64_t>(call.epoch));
    insert.bind(":sent", to_ms(call.sent));
    insert.exec();
    for (std::size_t i = 0; i < call.intents.size(); ++i) {
        auto inserted = insert_intent(connection, call, i, call.intents[i]);
        if (!inserted.ok()) return inserted;
    }
    return success();
}

Result<void> touch_call(Connection& connection, const std::string& key, WallTime now) {
    auto& update = connection.statement("UPDATE calls SET sent_ms = :now WHERE key = :key");
    update.bind(":now", to_ms(now));
    update.bind(":key", key);
    update.exec();
    return success();
}

Result<void> mark_unknown(Connection& connection, const std::string& key, int status, const std::string& answer) {
    auto& update =
        connection.statement("UPDATE calls SET state = 'unknown', status = :status, answer = :answer WHERE key = :key");
    update.bind(":status", status);
    update.bind(":answer", answer.data(), static_cast<int>(answer.size()));
    update.bind(":key", key);
    update.exec();
    return success();
}

Result<void> end_intent(Connection& connection, std::int64_t intent, IntentEnd end) {
    auto& update = connection.statement("UPDATE intents SET state = :state WHERE id = :id AND state = 'open'");
    update.bind(":state", std::string(word(end)));
    update.bind(":id", intent);
    if (update.exec() == 0) return Error{ErrorKind::conflict, "intent_ended", "the intent has ended already"};
    return success();
}

Result<void> close_if_settled(Connection& connection, const std::string& key, WallTime now) {
    auto& update = connection.statement(
        "UPDATE calls SET state = 'closed', closed_ms = :now, body = x'', answer = NULL WHERE key = :key AND NOT "
        "EXISTS "
        "(SELECT 1 FROM intents WHERE call_key = :key AND state = 'open')");
    update.bind(":now", to_ms(now));
    update.bind(":key", key);
    update.exec();
    return success();
}

std::vector<Call> open_calls(Connection& connection, const ConnectionId& id) {
    std::vector<Call> calls;
    auto& select = connection.statement(
        "SELECT key, operation, method, target, body, epoch, state, sent_ms, status FROM calls "
        "WHERE connection_id = :connection AND state <> 'closed' ORDER BY sent_ms, key");
    select.bind(":connection", id.value);
    while (select.executeStep()) {
        Call call;
        call.connection = id;
        call.key = select.getColumn(0).getString();
        call.request.key = call.key;
        call.request.operation = select.getColumn(1).getString();
        call.request.method = select.getColumn(2).getString();
        call.request.target = select.getColumn(3).getString();
        call.request.body = select.getColumn(4).getString();
        call.epoch = static_cast<std::uint32_t>(select.getColumn(5).getInt64());
        call.unknown = select.getColumn(6).getString() == "unknown";
        call.sent = from_ms(select.getColumn(7).getInt64());
        call.status = select.getColumn(8).getInt();
        calls.push_back(std::move(call));
    }
    for (auto& call : calls) call.intents = intents_of(connection, call.key);
    return calls;
}

Result<void> add_attempt(Connection& connection, const Attempt& attempt) {
    auto& insert = connection.statement(
        "INSERT INTO attempts (record_id, job_id, record_version, at_ms, role, verb, outcome, code, detail, "
        "http_status, "
        "request_id, call_key) VALUES (:record, :job, :version, :at, :role, :verb, :outcome, :code, :detail, :status, "
        ":request, :call)");
    insert.bind(":record", attempt.record_id);
    insert.bind(":job", attempt.job_id);
    insert.bind(":version", attempt.record_version);
    insert.bind(":at", to_ms(attempt.at));
    insert.bind(":role", attempt.role);
    insert.bind(":verb", attempt.verb);
    insert.bind(":outcome", attempt.outcome);
    insert.bind(":code", attempt.code);
    insert.bind(":detail", attempt.detail);
    insert.bind(":status", attempt.http_status);
    insert.bind(":request", attempt.request_id);
    insert.bind(":call", attempt.call_key);
    insert.exec();
    return success();
}

}  // namespace spillway::store
