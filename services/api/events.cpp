#include "services/api/answers.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"

namespace spillway::api {

awaitable<Reply> list_events(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    const auto after = number_cursor(*page);
    if (!after.ok()) co_return problem_reply(after.error());
    // Another partner's connection gives no rows, just as one that is not there.
    const store::EventFilter filter{call.principal.partner, call.argument("connection_id")};
    using Rows = std::vector<store::EventRow>;
    std::function<Result<Rows>(store::Connection&)> look = [filter, after = *after,
                                                            limit = page->limit](store::Connection& connection) {
        return Result<Rows>(store::list_events(connection, filter, after, limit));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    JsonText json;
    json.object().member("generation", call.context().settings.generation).key("items").array();
    for (const auto& row : *rows) write_event(json, row);
    json.close().member("last_seq", rows->empty() ? *after : rows->back().seq).close();
    co_return json_response(200, std::move(json).take());
}

}  // namespace spillway::api
