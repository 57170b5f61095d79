#include "services/sandbox/xero/memory.hpp"

namespace spillway::sandbox::xero {

void KeyMemory::forget_old(SteadyTime now) {
    if (now - swept_ < Millis{60'000}) return;
    swept_ = now;
    std::erase_if(entries_, [now](const auto& entry) { return now - entry.second.first >= kKeyMemory; });
}

std::optional<KeyMemory::Hit> KeyMemory::find(const std::string& key, const std::string& request, SteadyTime now) {
    forget_old(now);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return std::nullopt;
    if (now - at->second.first >= kKeyMemory) {
        entries_.erase(at);
        return std::nullopt;
    }
    return Hit{at->second.request == request, at->second.answer};
}

void KeyMemory::keep(const std::string& key, std::string request, HttpResponse answer, SteadyTime now, bool replace) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) {
        entries_.emplace(key, Entry{std::move(request), std::move(answer), now});
    } else if (replace) {
        at->second.answer = std::move(answer);
    }
}

}  // namespace spillway::sandbox::xero
