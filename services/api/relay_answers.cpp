#include "services/api/relay_answers.hpp"

#include "schema/date.hpp"
#include "services/api/metrics.hpp"

namespace spillway::api {
namespace {

void write_counts(JsonText& json, const relay::Counts& counts) {
    json.key("counts").object();
    json.member("accepted", counts.accepted).member("unchanged", counts.unchanged);
    json.member("superseded", counts.superseded).member("duplicate", counts.duplicate);
    json.member("refused", counts.refused).member("gone", counts.gone);
    json.member("polls", counts.polls).member("sessions", counts.sessions).close();
}

void write_database(JsonText& json, const relay::Cursor& cursor) {
    json.key("database").object().member("system", cursor.identity.system);
    json.member("timeline", cursor.identity.timeline).member("replica", cursor.identity.replica).close();
    json.member("rereading", cursor.reread_since.has_value());
}

/// One metric with its head.
void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  const std::string& value) {
    out += "# HELP spillway_relay_" + std::string(name) + " " + std::string(help) + "\n# TYPE spillway_relay_" +
           std::string(name) + " " + std::string(type) + "\nspillway_relay_" + std::string(name) + " " + value + "\n";
}

void write_labelled(std::string& out, std::string_view name, std::string_view label, std::string_view word,
                    std::int64_t value) {
    out += "spillway_relay_" + std::string(name) + "{" + std::string(label) + "=\"" + label_value(word) + "\"} " +
           std::to_string(value) + "\n";
}

}  // namespace

void write_relay(JsonText& json, const relay::Status& status) {
    json.object().member("state", status.state);
    if (!status.waits_for.empty()) json.member("waits_for", status.waits_for);
    if (!status.detail.empty()) json.member("detail", status.detail);
    json.member("in_state_ms", status.in_state.count());
    if (status.lag) json.member("lag_ms", status.lag->count());
    if (status.behind_for) json.member("behind_ms", status.behind_for->count());
    json.member("rows_listed", status.rows_listed);
    json.member("longest_statement_ms", status.longest_statement.count());
    if (status.cursor) write_database(json, *status.cursor);
    if (status.alarm) {
        json.key("alarm").object().member("code", status.alarm->code).member("detail", status.alarm->detail);
        json.member("since", format_utc(status.alarm->since)).close();
    }
    json.key("alerts").array();
    for (const auto& alert : status.alerts)
        json.object().member("code", alert.code).member("detail", alert.detail).close();
    json.close();
    write_counts(json, status.counts);
    json.key("failures").object();
    for (const auto& [code, count] : status.failures) json.member(code, count);
    json.close().close();
}

void write_refusal(JsonText& json, const relay::Refusal& refusal) {
    json.object().member("id", refusal.id).member("event_id", refusal.row.event_id).member("row_id", refusal.row.id);
    json.member("connection", refusal.row.connection).member("kind", refusal.row.kind);
    json.member("external_id", refusal.row.external_id).member("operation", refusal.row.operation);
    json.member("code", refusal.error.code).member("detail", refusal.error.detail);
    if (!refusal.error.pointer.empty()) json.member("pointer", refusal.error.pointer);
    json.member("at", format_utc(refusal.at)).close();
}

void write_relay_metrics(std::string& out, const relay::Status& status) {
    out += "# HELP spillway_relay_state What the relay does: the state with 1.\n# TYPE spillway_relay_state gauge\n";
    for (const char* state : {"starting", "reading", "idle", "waiting", "released", "stopped"})
        write_labelled(out, "state", "state", state, status.state == state ? 1 : 0);
    if (status.lag)
        write_metric(out, "lag_seconds", "gauge", "Age of the oldest row of the newest page when it was in.",
                     seconds_text(status.lag->count()));
    write_metric(out, "behind_seconds", "gauge", "Since everything that was committed was in.",
                 seconds_text(status.behind_for.value_or(Millis{}).count()));
    write_metric(out, "longest_statement_seconds", "gauge", "In the payment database, since the start.",
                 seconds_text(status.longest_statement.count()));
    write_metric(out, "long_transaction_seconds", "gauge",
                 "How long the oldest transaction of the payment database has been open, once it is worth an alert.",
                 seconds_text(status.holder ? status.holder->open_for.count() : 0));
    write_metric(out, "alarm", "gauge", "1 while an alarm waits for a person.", status.alarm ? "1" : "0");
    out +=
        "# HELP spillway_relay_rows_total Rows of the outbox since the start.\n# TYPE spillway_relay_rows_total "
        "counter\n";
    const relay::Counts& counts = status.counts;
    for (const auto& [word, value] : {std::pair{"accepted", counts.accepted},
                                      {"unchanged", counts.unchanged},
                                      {"superseded", counts.superseded},
                                      {"duplicate", counts.duplicate},
                                      {"refused", counts.refused},
                                      {"gone", counts.gone}})
        write_labelled(out, "rows_total", "outcome", word, value);
    write_metric(out, "polls_total", "counter", "Looks at the outbox since the start.", std::to_string(counts.polls));
    write_metric(out, "sessions_total", "counter", "Sessions in the payment database since the start.",
                 std::to_string(counts.sessions));
    out +=
        "# HELP spillway_relay_failures_total Why the relay had to wait.\n# TYPE spillway_relay_failures_total "
        "counter\n";
    for (const auto& [code, count] : status.failures) write_labelled(out, "failures_total", "code", code, count);
}

}  // namespace spillway::api
