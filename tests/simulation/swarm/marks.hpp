#pragma once
// Rare situations that a hunt must meet: one that never comes is a rule that nothing tests.

#include <string_view>

namespace spillway::test {

constexpr std::string_view kMarks[] = {
    "attempt_throttled",              // the provider refused for now
    "attempt_unauthorised",           // a token was refused
    "caller_broke_off",               // a caller hung up before the answer
    "clock_set",                      // somebody set the wall clock
    "consent_lost",                   // the organisation revoked
    "crash",                          // the process died
    "crashed_job",                    // it died with the job under way
    "intake_503",                     // a submission was refused for now, and came again
    "job_cancelled",                  // a person took a job back
    "limit_nearly_reached",           // the last slot of a minute was used
    "limit_told_by_429",              // the provider allowed less than it had said
    "log_needs_reauth",               // a lane waits for consent
    "log_provider_throttled",         // a 429 was read
    "log_read_failed",                // the objects to be updated could not be read
    "log_refresh_failed",             // a token could not be renewed
    "log_resolving_call_by_look_up",  // an unknown outcome after a restart or a server error
    "log_resolving_call_by_repeat",   // an unknown outcome within the key's memory
    "log_settle_failed",              // an outcome could not be stored at once
    "many_versions",                  // a record changed more than twice
    "network_cut",                    // a connection broke in mid-message
    "network_late",                   // an answer came late
    "network_swallowed",              // bytes vanished
    "parked",                         // a job waits for a person
    "power_cut",                      // in the middle of a write or a sync
    "proven_absent",                  // looked up twice, never took effect
    "quiet_side_watched",             // a company was looked at while the trouble was elsewhere
    "replayed",                       // a person replayed what is parked
    "same_key_again",                 // the same bytes went twice
    "store_failed",                   // a write or a sync failed
    "superseded",                     // a version was overtaken before it was sent
    "sync_by_partner",                // a partner asked for a sync
    "taken_over_after_crash",         // found in the books by another process than the one that sent it
    "unavailable",                    // an attempt that did nothing
    "unknown_outcome",                // an answer never came
    "void_of_never_sent",             // nothing to void
    "voided",                         // a void took effect
};

}  // namespace spillway::test
