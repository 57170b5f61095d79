#include "services/api/webhook_answers.hpp"

#include "schema/date.hpp"

namespace spillway::api {

void write_webhook(JsonText& json, const webhooks::WebhookRow& row) {
    json.member("id", row.id);
    if (!row.partner.empty()) json.member("partner_id", row.partner);
    if (!row.connection.empty()) json.member("connection_id", row.connection);
    json.member("url", row.url).key("types").array();
    std::string_view types = row.types;
    while (!types.empty()) {
        const auto end = std::min(types.find(' '), types.size());
        json.value(types.substr(0, end));
        types.remove_prefix(std::min(end + 1, types.size()));
    }
    json.close().member("state", row.state);
    if (!row.reason.empty()) json.member("reason", row.reason);
    if (row.failing_since) json.member("failing_since", format_utc(*row.failing_since));
    json.member("created_at", format_utc(row.created));
}

void write_delivery(JsonText& json, const webhooks::DeliveryRow& row) {
    json.member("id", row.id).member("message_id", row.message).member("type", row.type);
    if (row.event_seq > 0) json.member("event_seq", row.event_seq);
    json.member("state", row.state).member("attempts", row.attempts).member("created_at", format_utc(row.created));
    if (row.state == "pending") json.member("due_at", format_utc(row.due));
    if (row.last) json.member("last_attempt_at", format_utc(*row.last));
    if (row.last_status != 0) json.member("last_status", row.last_status);
    if (!row.last_error.empty()) json.member("last_error", row.last_error);
    if (row.done) json.member("done_at", format_utc(*row.done));
}

HttpResponse webhook_response(int status, const webhooks::WebhookRow& row, const std::string& secret) {
    JsonText json;
    json.object();
    write_webhook(json, row);
    if (!secret.empty()) json.member("secret", secret);
    json.close();
    HttpResponse response = json_response(status, std::move(json).take());
    if (!secret.empty()) response.headers.set("Cache-Control", "no-store");
    return response;
}

HttpResponse delivery_response(int status, const webhooks::DeliveryRow& row) {
    JsonText json;
    json.object();
    write_delivery(json, row);
    json.close();
    return json_response(status, std::move(json).take());
}

}  // namespace spillway::api
