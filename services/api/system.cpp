#include "services/api/answers.hpp"
#include "services/api/operations.hpp"
#include "services/api/relay_answers.hpp"

#include "api_documents.hpp"

namespace spillway::api {
namespace {

std::string_view document(std::string_view name) {
    for (const auto& [file, text] : embedded::api_documents)
        if (file == name) return text;
    return "{}";
}

void write_lane_metrics(std::string& out, const ApiContext& context, const std::vector<store::ConnectionRow>& rows) {
    std::string calls, throttled;
    out += "# HELP spillway_jobs Jobs by connection and state.\n# TYPE spillway_jobs gauge\n";
    for (const auto& row : rows) {
        const LaneView lane = view_lane(context, row.id);
        const std::string name =
            "{connection=\"" + label_value(row.id.value) + "\",provider=\"" + label_value(row.provider);
        for (const auto& [state, count] : lane.counts.by_state)
            out += "spillway_jobs" + name + "\",state=\"" + std::string(queue::to_string(state)) + "\"} " +
                   std::to_string(count) + "\n";
        calls += "spillway_provider_calls_total" + name + "\"} " + std::to_string(lane.status.calls) + "\n";
        throttled += "spillway_provider_throttled_total" + name + "\"} " + std::to_string(lane.status.throttled) + "\n";
    }
    out +=
        "# HELP spillway_provider_calls_total Calls since the start.\n# TYPE spillway_provider_calls_total counter\n" +
        calls;
    out +=
        "# HELP spillway_provider_throttled_total 429 answers since the start.\n"
        "# TYPE spillway_provider_throttled_total counter\n" +
        throttled;
}

void write_trust_metrics(std::string& out, const sync::Trust& trust) {
    out +=
        "# HELP spillway_clock_alarms_total Times that the wall clock was behind the last heartbeat or far ahead of "
        "it.\n"
        "# TYPE spillway_clock_alarms_total counter\nspillway_clock_alarms_total " +
        std::to_string(trust.clock_alarms) +
        "\n# HELP spillway_in_doubt Whether the backlog is looked up before it is created.\n"
        "# TYPE spillway_in_doubt gauge\nspillway_in_doubt{why=\"" +
        label_value(trust.doubt ? trust.doubt->why : "") + "\"} " + (trust.doubt ? "1" : "0") + "\n";
}

}  // namespace

awaitable<Reply> health(Call&) {
    co_return json_response(200, R"({"status":"ok","version":")" SPILLWAY_VERSION R"("})");
}

awaitable<Reply> ready(Call& call) {
    auto status = call.context().ready ? call.context().ready() : success();
    if (!status.ok()) co_return problem_reply(status.error(), 503);
    const auto storage = call.context().store.status();
    const std::string cure = queue::sqlite::only_indexes(storage.damage)
                                 ? "run `spillway repair --indexes`, the service goes on meanwhile"
                                 : "stop the service and run `spillway repair`";
    if (!storage.damage.empty())
        co_return problem_reply(Error{ErrorKind::unavailable, "storage_damaged", storage.damage.front() + ": " + cure});
    const char* check = storage.last_check && storage.last_check->complete ? "passed" : "not_yet";
    JsonText json;
    json.object().member("status", "ready").member("storage_check", check).member("room", to_string(storage.room));
    if (call.context().spill) {
        const auto spill = call.context().spill->status();
        json.key("spill").object().member("out_of_reach", spill.out_of_reach).member("entries", spill.entries).close();
    }
    if (const auto trust = call.context().sync.trust(); trust.doubt) {
        json.key("doubt").object().member("why", trust.doubt->why).member("since", format_utc(trust.doubt->since));
        if (trust.doubt->until) json.member("until", format_utc(*trust.doubt->until));
        json.close();
    }
    json.close();
    co_return json_response(200, std::move(json).take());
}

awaitable<Reply> metrics(Call& call) {
    constexpr std::size_t kConnectionsMax = 10'000;
    if (call.principal.partner)
        co_return problem_reply(Error{ErrorKind::forbidden, "scope", "metrics are not for keys of one partner"});
    using Rows = std::vector<store::ConnectionRow>;
    std::function<Result<Rows>(store::Connection&)> look = [](store::Connection& connection) {
        return Result<Rows>(store::list_connections(connection, {}, "", kConnectionsMax));
    };
    auto rows = co_await call.context().store.read<Rows>(std::move(look));
    if (!rows.ok()) co_return problem_reply(rows.error());
    HttpResponse response;
    response.headers.set("Content-Type", "text/plain; version=0.0.4");
    write_lane_metrics(response.body, call.context(), *rows);
    if (call.context().relay != nullptr) write_relay_metrics(response.body, call.context().relay->status());
    if (call.context().webhooks != nullptr) webhooks::write_metrics(response.body, call.context().webhooks->status());
    write_trust_metrics(response.body, call.context().sync.trust());
    write_storage_metrics(response.body, call.context().store.status());
    if (call.context().spill) write_spill_metrics(response.body, call.context().spill->status());
    call.api.metrics.write(response.body);
    co_return response;
}

awaitable<Reply> openapi(Call&) { co_return json_response(200, std::string(document("openapi.json"))); }

awaitable<Reply> record_schema(Call&) {
    HttpResponse response = json_response(200, std::string(document("record.schema.json")));
    response.headers.set("Content-Type", "application/schema+json");
    co_return response;
}

}  // namespace spillway::api
