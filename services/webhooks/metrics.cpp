#include "schema/decimal.hpp"
#include "services/webhooks/sender.hpp"

namespace spillway::webhooks {
namespace {

void write_one(std::string& out, const std::string& name, const char* type, const char* help,
               const std::string& value) {
    out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " " + value + "\n";
}

}  // namespace

void write_metrics(std::string& out, const Status& status) {
    write_one(out, "spillway_webhooks_active", "gauge", "Webhooks that are served.", std::to_string(status.active));
    write_one(out, "spillway_webhooks_disabled_total", "counter", "Webhooks disabled for failing, since the start.",
              std::to_string(status.disabled));
    write_one(out, "spillway_webhook_in_flight", "gauge", "Attempts under way.", std::to_string(status.in_flight));
    write_one(out, "spillway_webhook_delivered_total", "counter", "Deliveries that arrived, since the start.",
              std::to_string(status.delivered));
    write_one(out, "spillway_webhook_attempts_failed_total", "counter", "Attempts that failed, since the start.",
              std::to_string(status.attempts_failed));
    write_one(out, "spillway_webhook_failed_total", "counter", "Deliveries given up, since the start.",
              std::to_string(status.failed));
    write_one(out, "spillway_webhook_behind_seconds", "gauge", "How long the earliest due delivery has been due.",
              Decimal(status.behind.count(), 3).to_shortest());
}

}  // namespace spillway::webhooks
