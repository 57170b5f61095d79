#pragma once
// The relay as JSON and as metrics.

#include "schema/json_text.hpp"
#include "services/relay/control.hpp"

namespace spillway::api {

void write_relay(JsonText& json, const relay::Status& status);
void write_refusal(JsonText& json, const relay::Refusal& refusal);
void write_relay_metrics(std::string& out, const relay::Status& status);

}  // namespace spillway::api
