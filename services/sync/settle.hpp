#pragma once
// From one object's outcome to the rows that say so: link, intent, attempt, job, record and event change in one
// transaction, guarded by the claim. Runs on the storage thread; touches nothing of the loop.

#include "connectors/provider.hpp"
#include "queue/backoff.hpp"
#include "services/store/calls.hpp"
#include "services/store/subjects.hpp"

namespace spillway::sync {

/// What settling needs to know besides the object; a copy of the loop's values.
struct SettleContext {
    const Provider* provider = nullptr;
    ConnectionId connection;
    PartnerId partner;
    Decimal rounding_bound;
    int attempts_max = 12;
    WallTime now{};
    Millis throttled_delay{};  ///< where the provider names no time
    Millis lane_delay{};       ///< for a failure of the whole call: the lane pauses that long, no attempt is counted
    bool whole_call = false;   ///< the failure is the call's, not this record's
    bool paced = false;        ///< throttled as a whole: the pacer holds the next calls back, the jobs need not wait
    std::string call_key;      ///< empty: nothing was sent
    int http_status = 0;
};

/// One object of a job: what it was to become, and what became of it.
struct ObjectEnd {
    queue::Claim claim;
    store::LoadedSubject loaded;  ///< as it was when the object was prepared, or reloaded when resolving
    store::Intent intent;         ///< id 0: no intent was written
    ElementOutcome outcome;
    Millis retry_delay{};  ///< for a failure of this record alone, already jittered
};

/// An outcome for what was found in the books to be ours.
void adopt(ElementOutcome& outcome, Verdict verdict);

/// When the claim was overtaken the job is left alone, and what the provider answered is kept all the same. Errors:
/// storage errors.
Result<void> settle_object(queue::Transaction& transaction, const SettleContext& context, const ObjectEnd& end);

/// A record whose books are already as they should be: nothing to send.
Result<void> settle_nothing_to_do(queue::Transaction& transaction, const SettleContext& context,
                                  const queue::Claim& claim, const store::LoadedSubject& loaded);

/// A step whose object is already as it should become (a person voided it first): the link says so from now on.
Result<void> settle_already_gone(queue::Transaction& transaction, const SettleContext& context,
                                 const queue::Claim& claim, const store::LoadedSubject& loaded, const Step& step);

/// A void of a record whose create ended with a question to a person and without a link: nothing is known to void, and
/// nothing may be reported as voided. Parked.
Result<void> settle_void_unclear(queue::Transaction& transaction, const SettleContext& context,
                                 const queue::Claim& claim, const store::LoadedSubject& loaded);

/// A job whose record cannot even be loaded.
Result<void> settle_unreadable(queue::Transaction& transaction, const queue::Claim& claim, const Error& error);

/// A record that is refused before anything is sent.
Result<void> settle_refused(queue::Transaction& transaction, const SettleContext& context, const queue::Claim& claim,
                            const store::LoadedSubject& loaded, const Step& step, const Error& error);

}  // namespace spillway::sync
