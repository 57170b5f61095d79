#pragma once
// Counters of the API itself, and the text that Prometheus reads.

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "queue/sqlite/storage_status.hpp"
#include "schema/clock.hpp"
#include "services/spill/spill.hpp"

namespace spillway::api {

class Metrics {
 public:
    /// `route` is the template of the route table, never a path: labels stay bounded.
    void count_request(std::string_view method, std::string_view route, int status, Millis duration);
    /// Requests by method, route and status, and a histogram of durations by route.
    void write(std::string& out) const;

 private:
    static constexpr std::array<std::int64_t, 8> kBoundsMs{1, 5, 10, 25, 100, 500, 2'500, 10'000};
    struct Histogram {
        std::array<std::int64_t, kBoundsMs.size()> within{};
        std::int64_t count = 0, sum_ms = 0;
    };
    std::map<std::tuple<std::string, std::string, int>, std::int64_t> requests_;
    std::map<std::string, Histogram, std::less<>> durations_;
};

/// The store's part of the same text.
void write_storage_metrics(std::string& out, const queue::sqlite::StorageStatus& status);
void write_spill_metrics(std::string& out, const spill::Status& spill);

/// A label's value, escaped as the text format wants it.
std::string label_value(std::string_view text);
/// Milliseconds as decimal seconds: "0.025".
std::string seconds_text(std::int64_t ms);

}  // namespace spillway::api
