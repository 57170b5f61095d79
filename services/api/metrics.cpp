#include "services/api/metrics.hpp"

#include "schema/decimal.hpp"

namespace spillway::api {

void Metrics::count_request(std::string_view method, std::string_view route, int status, Millis duration) {
    ++requests_[{std::string(method), std::string(route), status}];
    Histogram& histogram = durations_[std::string(route)];
    ++histogram.count;
    histogram.sum_ms += duration.count();
    for (std::size_t i = 0; i < kBoundsMs.size(); ++i)
        if (duration.count() <= kBoundsMs[i]) ++histogram.within[i];
}

std::string label_value(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

std::string seconds_text(std::int64_t ms) { return Decimal(ms, 3).to_shortest(); }

void Metrics::write(std::string& out) const {
    out += "# HELP spillway_http_requests_total Requests answered.\n# TYPE spillway_http_requests_total counter\n";
    for (const auto& [labels, count] : requests_) {
        const auto& [method, route, status] = labels;
        out += "spillway_http_requests_total{method=\"" + label_value(method) + "\",route=\"" + label_value(route) +
               "\",status=\"" + std::to_string(status) + "\"} " + std::to_string(count) + "\n";
    }
    out += "# HELP spillway_http_request_seconds Time to answer.\n# TYPE spillway_http_request_seconds histogram\n";
    for (const auto& [route, histogram] : durations_) {
        const std::string name = "{route=\"" + label_value(route) + "\"";
        for (std::size_t i = 0; i < kBoundsMs.size(); ++i)
            out += "spillway_http_request_seconds_bucket" + name + ",le=\"" + seconds_text(kBoundsMs[i]) + "\"} " +
                   std::to_string(histogram.within[i]) + "\n";
        const std::string count = std::to_string(histogram.count);
        out += "spillway_http_request_seconds_bucket" + name + ",le=\"+Inf\"} " + count + "\n";
        out += "spillway_http_request_seconds_sum" + name + "} " + seconds_text(histogram.sum_ms) + "\n";
        out += "spillway_http_request_seconds_count" + name + "} " + count + "\n";
    }
}

}  // namespace spillway::api
