#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"
#include "services/api/record_paths.hpp"
#include "services/api/running.hpp"
#include "services/api/spilled.hpp"

namespace spillway::api {
namespace {

HttpResponse accepted_response(const store::Accepted& accepted, const store::Intake& intake, const RecordPath& path) {
    JsonText json;
    write_accepted(json, accepted, intake.connection, path.kind, path.external_id.value);
    const int status = accepted.outcome == store::Accepted::Outcome::accepted ? 202 : 200;
    return json_response(status, std::move(json).take());
}

Result<store::PreparedRecord> prepare(RecordKind kind, std::string_view text) {
    const auto record = read_record(kind, text);
    if (!record.ok()) return record.error();
    return store::PreparedRecord(*record);
}

/// Big bodies are parsed on the reader thread, so that one of them does not hold up the loop.
awaitable<Result<store::PreparedRecord>> parse_record(Call& call, RecordKind kind) {
    using Prepared = store::PreparedRecord;
    if (call.request.body.size() <= kLoopParseMax) co_return prepare(kind, call.request.body);
    std::function<Result<Prepared>(store::Connection&)> parse = [kind, text = call.request.body](store::Connection&) {
        return prepare(kind, text);
    };
    auto record = co_await call.context().store.read<Prepared>(std::move(parse));
    co_return record;
}

Result<RecordView> read_view(store::Connection& connection, const ConnectionId& owner, const RecordPath& path) {
    constexpr std::size_t kShown = 50;
    auto record = store::find_record(connection, owner, path.kind, path.external_id);
    if (!record) return Error{ErrorKind::not_found, "not_found", "there is no such record"};
    auto latest = store::get_version(connection, record->id);
    if (!latest) return Error{ErrorKind::bug, "no_version", "a record without a version"};
    RecordView view{*std::move(record), *std::move(latest)};
    if (view.record.job) view.job = queue::sqlite::SqliteStore::get_job(connection, *view.record.job);
    view.links = store::list_links(connection, view.record.id);
    view.attempts = store::list_attempts(connection, view.record.id, kShown);
    view.versions = store::list_versions(connection, view.record.id, kShown);
    return view;
}

/// What the spill file knows of a record is newer than what the store does, which may not know it at all yet.
Result<RecordView> with_spilled(Result<RecordView> stored, spill::Entry newest) {
    if (!stored.ok() && (stored.error().kind != ErrorKind::not_found || newest.record.empty())) return stored;
    RecordView view;
    if (stored.ok()) {
        view = *std::move(stored);
    } else {
        view.record.connection = newest.intake.connection;
        view.record.kind = newest.kind;
        view.record.external_id = newest.external_id;
    }
    view.spilled = true;
    if (!newest.record.empty()) view.latest.body = std::move(newest.record);
    return view;
}

}  // namespace

awaitable<Reply> put_record(Call& call) {
    const auto path = read_record_path(call);
    if (!path.ok()) {
        auto refused = co_await refuse(call, path.error());
        co_return refused;
    }
    const auto intake = read_intake(call, queue::Priority::normal);
    if (!intake.ok()) {
        auto refused = co_await refuse(call, intake.error());
        co_return refused;
    }
    auto record = co_await parse_record(call, path->kind);
    if (!record.ok()) {
        auto refused = co_await refuse(call, record.error(), status_of_bad_record(record.error()));
        co_return refused;
    }
    const bool spills = co_await diverts(call);
    if (spills) {
        auto spilled = co_await spill_one(call, {*intake, path->kind, path->external_id, std::move(record->body)});
        co_return spilled;
    }
    Work work = [path = *path, intake = *intake,
                 record = *std::move(record)](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto accepted = store::accept_record(transaction, intake, path.external_id, record);
        if (!accepted.ok()) return std::move(accepted).error();
        return accepted_response(*accepted, intake, path);
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::intake, std::move(work));
    co_return reply;
}

awaitable<Reply> void_record(Call& call) {
    const auto path = read_record_path(call);
    if (!path.ok()) co_return problem_reply(path.error());
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    const auto intake = read_intake(call, queue::Priority::normal);
    if (!intake.ok()) co_return problem_reply(intake.error());
    const bool spills = co_await diverts(call);
    if (spills) {
        auto spilled = co_await spill_one(call, {*intake, path->kind, path->external_id, ""});
        co_return spilled;
    }
    Work work = [path = *path, intake = *intake](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto accepted = store::accept_void(transaction, intake, path.kind, path.external_id);
        if (!accepted.ok()) return std::move(accepted).error();
        return accepted_response(*accepted, intake, path);
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::intake, std::move(work));
    co_return reply;
}

awaitable<Reply> get_record(Call& call) {
    const auto path = read_record_path(call);
    if (!path.ok()) co_return problem_reply(path.error());
    std::function<Result<RecordView>(store::Connection&)> look = [owner = call.named.connection->id,
                                                                  path = *path](store::Connection& connection) {
        return read_view(connection, owner, path);
    };
    std::optional<spill::Entry> spilled;
    if (call.context().spill)
        spilled = co_await call.context().spill->newest(call.named.connection->id, path->kind, path->external_id);
    auto view = co_await call.context().store.read<RecordView>(std::move(look));
    if (spilled) view = with_spilled(std::move(view), *std::move(spilled));
    if (!view.ok()) co_return problem_reply(view.error());
    const Running running(call.context());
    running.show(view->record);
    if (view->job) running.show(*view->job);
    const auto provider = call.context().providers.find(call.named.connection->provider);
    JsonText json;
    write_record_detail(json, *view, provider == call.context().providers.end() ? nullptr : provider->second);
    co_return json_response(200, std::move(json).take());
}

awaitable<Reply> list_records(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto after = number_cursor(*page);
    if (!after.ok()) co_return problem_reply(after.error());
    store::RecordFilter filter;
    if (const auto kind = call.argument("kind")) {
        filter.kind = record_kind_from(*kind);
        if (!filter.kind) co_return problem_reply(invalid("unknown_kind", "there is no such kind of record"));
    }
    if (const auto state = call.argument("state")) {
        filter.job_state = queue::job_state_from(*state);
        if (!filter.job_state) co_return problem_reply(invalid("unknown_state", "there is no such state"));
    }
    using Rows = std::vector<store::RecordRow>;
    std::function<Result<Rows>(store::Connection&)> look = [running = Running(call.context()),
                                                            owner = call.named.connection->id, filter, after = *after,
                                                            limit = page->limit + 1](store::Connection& connection) {
        return Result<Rows>(running.list_records(connection, owner, filter, after, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(*rows, page->limit, write_record_summary,
                            [](const store::RecordRow& row) { return std::to_string(row.id); });
}

}  // namespace spillway::api
