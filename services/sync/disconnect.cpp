// Ending a connection: its lane, its link at the provider.

#include "schema/runtime/log.hpp"
#include "services/sync/linking.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;
using queue::sqlite::connection_of;

namespace {

constexpr SendLimits kDisconnectLimits{Millis{10'000}, Millis{60'000}, 1u << 20};

}  // namespace

asio::awaitable<Result<void>> Service::disconnect(ConnectionId connection) {
    const auto known = co_await row_of(connection);
    if (!known.ok()) co_return known.error();
    const Departures::Departure departure(departures_, organisation_of(known->provider, known->tenant_id));
    const auto now = clock_.wall_now();
    Change leaving = [now](queue::Transaction& transaction, store::ConnectionRow& row) -> Result<void> {
        if (row.state == "disconnected")
            return Error{ErrorKind::conflict, "disconnected", "the connection is disconnected already"};
        row.state = "disconnected";
        row.state_reason.clear();
        for (const auto& sync : store::running_syncs(connection_of(transaction), row.id))
            store::finish_sync(connection_of(transaction), sync, now);
        return transaction.resume_lane(row.id.value);
    };
    auto row = co_await change(connection, std::move(leaving));
    if (!row.ok()) co_return std::move(row).error();
    if (const auto lane = lanes_.find(row->id.value); lane != lanes_.end()) {
        const auto stopping = lane->second;
        co_await stopping->stop(Millis{5'000});
        lanes_.erase(row->id.value);
    }
    const auto app = apps_.find(row->provider);
    if (app == apps_.end()) co_return success();
    if (row->tenant_link.empty()) {
        co_await grants_.revoke(row->grant);
        co_return success();
    }
    // Xero: the one organisation's connection ends; the grant may serve others. Best effort: the user can end it there
    // too.
    auto token = co_await grants_.token(row->grant);
    if (token.ok()) {
        HttpRequest request;
        request.method = "DELETE";
        request.target = "/connections/" + percent_encode(row->tenant_link);
        request.headers.add("Authorization", "Bearer " + token->reveal());
        const auto answer = co_await transport_.send(app->second.api_origin, std::move(request), kDisconnectLimits);
        log_info("disconnected", {{"conn", row->id.value}, {"status", answer.response.status}});
    }
    co_return success();
}

}  // namespace spillway::sync
