#pragma once
// How webhooks and their deliveries look as JSON.

#include "schema/json_text.hpp"
#include "services/api/call.hpp"

namespace spillway::api {

/// Members only, inside an object that the caller opened.
void write_webhook(JsonText& json, const webhooks::WebhookRow& row);
void write_delivery(JsonText& json, const webhooks::DeliveryRow& row);
HttpResponse webhook_response(int status, const webhooks::WebhookRow& row, const std::string& secret = {});
HttpResponse delivery_response(int status, const webhooks::DeliveryRow& row);

}  // namespace spillway::api
