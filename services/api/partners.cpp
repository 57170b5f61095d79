#include "services/api/answers.hpp"
#include "services/api/idempotent.hpp"
#include "services/api/operations.hpp"
#include "services/api/paging.hpp"

namespace spillway::api {
namespace {

constexpr std::string_view kSuspended = "partner suspended";

HttpResponse partner_response(int status, const store::PartnerRow& partner) {
    JsonText json;
    write_partner(json, partner);
    return json_response(status, std::move(json).take());
}

/// Commits a partner's state with its event. @return the partner's connections.
awaitable<Result<std::vector<store::ConnectionRow>>> commit_state(Call& call, std::string state) {
    using Rows = std::vector<store::ConnectionRow>;
    constexpr std::size_t kConnectionsMax = 10'000;
    std::function<Result<Rows>(queue::Transaction&)> work =
        [id = call.named.partner->id, state, now = call.now()](queue::Transaction& transaction) -> Result<Rows> {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::set_partner_state(connection, id, state);
        store::append_event(connection, {now, id, ConnectionId(), "partner." + state, "{}"});
        return store::list_connections(connection, {id.value, std::nullopt, std::nullopt}, "", kConnectionsMax);
    };
    auto rows = co_await call.context().store.commit_value<Rows>(queue::CommandClass::intake, std::move(work));
    if (rows.ok() && call.context().spill) call.context().spill->directory().put(call.named.partner->id, state);
    co_return rows;
}

}  // namespace

awaitable<Reply> create_partner(Call& call) {
    const auto body = read_object_body(call, {"name"});
    if (!body.ok()) co_return problem_reply(body.error());
    auto name = required_text(*body, "name", 200);
    if (!name.ok()) co_return problem_reply(name.error());
    const store::PartnerRow partner{PartnerId("par_" + call.context().random.hex128()), *name, "active", call.now()};
    const auto made = std::make_shared<bool>(false);  // not by a twin of this request
    Work work = [partner, made](queue::Transaction& transaction) -> Result<HttpResponse> {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::insert_partner(connection, partner);
        store::append_event(connection, {partner.created, partner.id, ConnectionId(), "partner.created", "{}"});
        *made = true;
        return partner_response(201, partner);
    };
    auto reply = co_await commit_answer(call, queue::CommandClass::intake, std::move(work));
    if (*made && call.context().spill) call.context().spill->directory().put(partner.id, partner.state);
    co_return reply;
}

awaitable<Reply> list_partners(Call& call) {
    const auto page = read_page(call);
    if (!page.ok()) co_return problem_reply(page.error());
    std::optional<PartnerId> only;
    if (call.principal.partner) only = PartnerId(*call.principal.partner);
    using Rows = std::vector<store::PartnerRow>;
    std::function<Result<Rows>(store::Connection&)> look = [only, page = *page](store::Connection& connection) {
        return Result<Rows>(store::list_partners(connection, only, page.after, page.limit + 1));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    co_return page_response(*rows, page->limit, write_partner,
                            [](const store::PartnerRow& row) { return row.id.value; });
}

awaitable<Reply> get_partner(Call& call) { co_return partner_response(200, *call.named.partner); }

awaitable<Reply> suspend_partner(Call& call) {
    auto rows = co_await commit_state(call, "suspended");
    if (!rows.ok()) co_return problem_reply(rows.error());
    for (const auto& row : *rows) {
        if (row.state != "active" && row.state != "setup") continue;
        auto paused = co_await call.context().sync.pause(row.id, std::string(kSuspended), std::nullopt);
        if (!paused.ok()) co_return problem_reply(paused.error());
    }
    store::PartnerRow partner = *call.named.partner;
    partner.state = "suspended";
    co_return partner_response(200, partner);
}

awaitable<Reply> resume_partner(Call& call) {
    auto rows = co_await commit_state(call, "active");
    if (!rows.ok()) co_return problem_reply(rows.error());
    for (const auto& row : *rows) {
        // What a person paused for another reason stays paused.
        if (row.state != "paused" || row.state_reason != kSuspended) continue;
        auto resumed = co_await call.context().sync.resume(row.id);
        if (!resumed.ok()) co_return problem_reply(resumed.error());
    }
    store::PartnerRow partner = *call.named.partner;
    partner.state = "active";
    co_return partner_response(200, partner);
}

}  // namespace spillway::api
