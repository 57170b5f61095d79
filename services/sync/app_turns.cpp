#include "services/sync/app_turns.hpp"

#include "services/sync/caller.hpp"

namespace spillway::sync {

bool AppTurns::Turn::take() {
    if (!in_ring_) turns_.enter(caller_);
    in_ring_ = true;
    return turns_.ring_.next() == &caller_;
}

void AppTurns::Turn::leave() {
    if (!std::exchange(in_ring_, false)) return;
    turns_.leave(caller_);
}

void AppTurns::Turn::spend() {
    turns_.ring_.spend(&caller_, 1);
    turns_.call_next(caller_);
}

void AppTurns::enter(Caller& caller) {
    if (++waiting_[&caller] == 1) ring_.enter(&caller);
}

void AppTurns::leave(Caller& caller) {
    const auto found = waiting_.find(&caller);
    if (--found->second > 0) return;
    waiting_.erase(found);
    ring_.leave(&caller);
    call_next(caller);
}

/// Only whoever has the turn keeps a timer for the shared limits: the others sleep until they are called.
void AppTurns::call_next(const Caller& but) {
    const auto next = ring_.next();
    if (next && *next != &but) (*next)->wake();
}

}  // namespace spillway::sync
