#pragma once
// The planted defects: what each breaks, and how it may show.

#include <cstdint>
#include <string>
#include <string_view>

namespace spillway::test {

struct Defect {
    std::string_view name;
    std::string_view breaks;
    std::uint64_t seed;  ///< one that has caught it, to be tried first
};

constexpr Defect kDefects[] = {
    {"absent_at_once", "one look-up without a wait proves that a write never took effect", 14},
    {"look_up_ignored", "whatever is found, an unknown write counts as absent", 1},
    {"repeat_with_new_key", "a repeat of an unknown call has a key of its own", 1},
    {"limits_forgotten_at_start", "a new process knows nothing of the calls of the last minute", 41},
    {"slot_freed_early", "a slot of a limit is free again before the provider says so", 2},
    {"token_not_checked", "a claim that was overtaken may still change its job", 1},
    {"acknowledged_before_sync", "commits do not wait for the disk", 1},
    {"failed_commit_acknowledged", "a commit that failed is answered with success", 1},
    {"references_not_awaited", "a record does not wait for what it refers to", 1},
    {"voids_in_any_order", "an invoice is voided before its payments", 1},
    {"job_forgotten", "now and then a version is accepted without a job", 1},
    {"link_forgotten", "now and then what a record became in the books is not noted", 1},
    {"rotated_token_not_stored", "a restart finds the refresh token before last", 1},
    {"wake_up_lost", "a lane is not told that a call has ended", 1},
    {"pause_ignored", "a paused connection goes on", 1},
    {"secret_in_log", "an access token is logged", 1},
};

/// From now on this process has the defect; empty: none. Throws std::invalid_argument for an unknown name.
void plant(const std::string& name);

}  // namespace spillway::test
