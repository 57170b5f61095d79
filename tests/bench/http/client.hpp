#pragma once
// A closed loop of keep-alive connections against one server: each sends its next request when it has the answer to the
// last. Light, because it shares the cores with what it measures.

#include <cstdint>
#include <functional>
#include <string>

#include "tests/bench/support/samples.hpp"

namespace spillway::bench {

struct Load {
    std::uint16_t port = 0;
    std::size_t connections = 64;
    double seconds = 3;  ///< no request begins later
    std::int64_t requests_max = 1ll << 60;
    int status = 202;                                  ///< any other ends the program
    std::function<std::string(std::int64_t)> request;  ///< the whole n-th request, head and body
};

struct Loaded {
    std::int64_t requests = 0;
    double seconds = 0;
    double cpu = 0;  ///< of the client
    Samples latency;
};

Loaded run_load(const Load& load);

/// A request with its head.
std::string http_request(const std::string& method, const std::string& target, const std::string& key,
                         const std::string& body);

}  // namespace spillway::bench
