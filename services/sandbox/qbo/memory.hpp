#pragma once
// The memory of requestids. Documented: a repeat is not done again and gets the first answer, per realm; in a batch the
// identity is (requestid, bId). Not documented, so switches: how long ids are kept, whether failures are replayed, and
// whether a repeat is answered with error 600 instead. Other content under the same id gets the first answer (assumed).

#include <string>

#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {

/// Plays `play` (a function giving Remembered) unless `key` is remembered. An empty key is never remembered.
/// Throws Refused with 600 for a repeat when the switch says so.
template <class Play>
Remembered once(const Scene& scene, const std::string& key, const Play& play) {
    if (key.empty()) return play();
    const auto known = scene.company.remembered.find(key);
    const std::chrono::seconds retention(scene.settings.requestid_retention_seconds);
    if (known != scene.company.remembered.end() && scene.now < known->second.when + retention) {
        if (scene.settings.requestid_repeat == "error_600")
            throw Refused{fault_of("600", "The request id was used before: " + key)};
        return known->second;
    }
    Remembered made = play();
    made.when = scene.now;
    const bool keep = !made.failed || scene.settings.requestid_replays_failures;
    if (keep && retention.count() > 0) scene.company.remembered[key] = made;
    return made;
}

}  // namespace spillway::sandbox::qbo
