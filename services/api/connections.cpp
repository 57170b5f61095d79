#include "services/api/answers.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"

namespace spillway::api {
namespace {

/// The connection as it is now: it may have changed since it was loaded.
awaitable<Reply> answer_connection(Call& call) {
    std::function<Result<std::optional<store::ConnectionRow>>(store::Connection&)> look =
        [id = call.named.connection->id](store::Connection& connection) -> Result<std::optional<store::ConnectionRow>> {
        return store::get_connection(connection, id);
    };
    auto row = co_await call.context().store.read<std::optional<store::ConnectionRow>>(std::move(look));
    if (!row.ok()) co_return problem_reply(row.error());
    if (!*row) co_return no_such("connection");
    JsonText json;
    write_connection(json, **row, view_lane(call.context(), (*row)->id));
    co_return json_response(200, std::move(json).take());
}

awaitable<Reply> answer_change(Call& call, Result<void> changed) {
    if (!changed.ok()) co_return problem_reply(changed.error());
    auto reply = co_await answer_connection(call);
    co_return reply;
}

Error under(std::string_view member, Error error) {
    error.pointer = pointer_to("", member) + error.pointer;
    return error;
}

}  // namespace

awaitable<Reply> list_connections(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    store::ConnectionFilter filter{call.argument("partner_id"), call.argument("provider"), call.argument("state")};
    if (filter.partner && !call.principal.sees(*filter.partner)) co_return no_such("partner");
    if (call.principal.partner) filter.partner = call.principal.partner;
    using Rows = std::vector<store::ConnectionRow>;
    std::function<Result<Rows>(store::Connection&)> look = [filter, page = *page](store::Connection& connection) {
        return Result<Rows>(store::list_connections(connection, filter, page.after, page.limit + 1));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    const ApiContext& context = call.context();
    co_return page_response(
        *rows, page->limit,
        [&context](JsonText& json, const store::ConnectionRow& row) {
            write_connection_summary(json, row, view_lane(context, row.id));
        },
        [](const store::ConnectionRow& row) { return row.id.value; });
}

awaitable<Reply> get_connection(Call& call) {
    auto reply = co_await answer_connection(call);
    co_return reply;
}

awaitable<Reply> set_connection(Call& call) {
    const auto body = read_object_body(call, {"mapping", "posting"});
    if (!body.ok()) co_return problem_reply(body.error());
    const auto posting = optional_text(*body, "posting", 20);
    if (!posting.ok()) co_return problem_reply(posting.error());
    if (*posting && **posting != "setup" && **posting != "on_sync" && **posting != "automatic")
        co_return problem_reply(invalid("bad_posting", "must be setup, on_sync or automatic", "/posting"));
    // All is read before anything changes.
    std::optional<Mapping> mapping;
    if (const JsonValue* given = body->find("mapping")) {
        auto read = read_mapping(write_json(*given));
        if (!read.ok()) co_return problem_reply(under("mapping", read.error()), 422);
        mapping = *std::move(read);
    }
    const ConnectionId id = call.named.connection->id;
    if (mapping) {
        auto saved = co_await call.context().sync.save_mapping(id, *mapping);
        if (!saved.ok() && saved.error().kind == ErrorKind::invalid)
            co_return problem_reply(under("mapping", saved.error()), 422);
        if (!saved.ok()) co_return problem_reply(saved.error());
    }
    if (*posting) {
        auto set = co_await call.context().sync.set_posting(id, **posting);
        if (!set.ok()) co_return problem_reply(set.error());
    }
    auto reply = co_await answer_connection(call);
    co_return reply;
}

awaitable<Reply> pause_connection(Call& call) {
    const auto body = read_object_body(call, {"reason", "until"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    const auto reason = optional_text(*body, "reason", 500);
    if (!reason.ok()) co_return problem_reply(reason.error());
    const auto until_text = optional_text(*body, "until", 40);
    if (!until_text.ok()) co_return problem_reply(until_text.error());
    std::optional<WallTime> until;
    if (*until_text) {
        const auto when = parse_utc(**until_text);
        if (!when.ok()) co_return problem_reply(under("until", when.error()));
        if (*when <= call.now()) co_return problem_reply(invalid("bad_time", "must lie in the future", "/until"));
        until = *when;
    }
    auto paused =
        co_await call.context().sync.pause(call.named.connection->id, reason->value_or("paused by request"), until);
    auto reply = co_await answer_change(call, std::move(paused));
    co_return reply;
}

awaitable<Reply> resume_connection(Call& call) {
    auto resumed = co_await call.context().sync.resume(call.named.connection->id);
    auto reply = co_await answer_change(call, std::move(resumed));
    co_return reply;
}

awaitable<Reply> disconnect_connection(Call& call) {
    auto ended = co_await call.context().sync.disconnect(call.named.connection->id);
    auto reply = co_await answer_change(call, std::move(ended));
    co_return reply;
}

awaitable<Reply> get_books(Call& call) {
    if (call.named.connection->books.empty())
        co_return problem_reply(Error{ErrorKind::not_found, "no_books", "the organisation's lists were not read yet"});
    co_return json_response(200, call.named.connection->books);
}

awaitable<Reply> refresh_books(Call& call) {
    const ConnectionId id = call.named.connection->id;
    auto refreshed = co_await call.context().sync.refresh_books(id);
    // The provider's refusal is no fault of the caller's: 502.
    if (!refreshed.ok() && refreshed.error().kind == ErrorKind::rejected)
        co_return problem_reply(refreshed.error(), 502);
    if (!refreshed.ok()) co_return problem_reply(refreshed.error());
    std::function<Result<std::optional<store::ConnectionRow>>(store::Connection&)> look =
        [id](store::Connection& connection) -> Result<std::optional<store::ConnectionRow>> {
        return store::get_connection(connection, id);
    };
    auto row = co_await call.context().store.read<std::optional<store::ConnectionRow>>(std::move(look));
    if (!row.ok()) co_return problem_reply(row.error());
    call.named.connection = *std::move(row);
    auto reply = co_await get_books(call);
    co_return reply;
}

}  // namespace spillway::api
