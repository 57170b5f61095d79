#pragma once
// Xero's memory of Idempotency-Keys: six minutes from the first call, per app, errors included.

#include <optional>
#include <string>
#include <unordered_map>

#include "schema/clock.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::sandbox::xero {

inline constexpr Millis kKeyMemory{6 * 60 * 1000};
inline constexpr std::size_t kKeyLengthMax = 128;

class KeyMemory {
 public:
    struct Hit {
        bool same_request = false;
        HttpResponse answer;
    };
    /// What is remembered of `key` (app and key together); `request` is everything that makes a request the same.
    std::optional<Hit> find(const std::string& key, const std::string& request, SteadyTime now);
    /// The first answer counts unless `replace`.
    void keep(const std::string& key, std::string request, HttpResponse answer, SteadyTime now, bool replace = false);
    void clear() { entries_.clear(); }

 private:
    struct Entry {
        std::string request;
        HttpResponse answer;
        SteadyTime first;
    };
    void forget_old(SteadyTime now);
    std::unordered_map<std::string, Entry> entries_;
    SteadyTime swept_{};
};

}  // namespace spillway::sandbox::xero
