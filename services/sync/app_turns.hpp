#pragma once
// Whose call goes next when the tenants of one provider app wait for the limits that they share: deficit round robin,
// charged by calls. A lane with many calls under way gets no more than one with a single call; one that its own limits
// hold back is out of the ring and costs the others nothing.

#include "queue/fair_ring.hpp"

namespace spillway::sync {

class Caller;

/// One per provider app; outlives its callers. Loop thread only. While the shared limits are open it holds nobody up.
class AppTurns {
 public:
    /// A call of the caller that only the shared limits may hold up. One object per waiting call.
    class Turn {
     public:
        Turn(AppTurns& turns, Caller& caller) : turns_(turns), caller_(caller) {}
        ~Turn() { leave(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        /// Takes its place, behind those who wait already; again is fine. @return whether it may go first.
        bool take();
        /// Something else holds it up now.
        void leave();
        /// It goes: the others come first now.
        void spend();

     private:
        AppTurns& turns_;
        Caller& caller_;
        bool in_ring_ = false;
    };

 private:
    void enter(Caller& caller);
    void leave(Caller& caller);
    void call_next(const Caller& but);

    queue::FairRing<Caller*> ring_;
    std::unordered_map<Caller*, int> waiting_;  ///< calls in the ring, by caller
};

}  // namespace spillway::sync
