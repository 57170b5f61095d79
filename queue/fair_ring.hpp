#pragma once
// Deficit round robin over whoever competes for one shared resource: each in turn gets its quantum, and keeps its turn
// while what it spends fits. A member that has nothing to do, or may not, leaves the ring and costs nothing until it
// comes back. Pure: no clock, no I/O.

#include <algorithm>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

#include "schema/assert.hpp"

namespace spillway::queue {

/// `Key` names a member. Costs are in the resource's own unit: for a provider app's budget, calls.
template <class Key>
class FairRing {
 public:
    using Cost = std::int64_t;

    /// What a member of weight 1 may spend in one turn.
    explicit FairRing(Cost quantum = 1) : quantum_(quantum) { SPILLWAY_ASSERT(quantum >= 1); }

    /// The member has something to do. Entering again changes only its weight: its place and what it owes stay. Who
    /// comes back starts at the end with no credit: having been away saves nothing up.
    void enter(const Key& key, Cost weight = 1) {
        SPILLWAY_ASSERT(weight >= 1);
        const auto found = members_.find(key);
        if (found != members_.end()) {
            found->second.weight = weight;
            return;
        }
        Cost owed = 0;
        if (const auto left = debts_.find(key); left != debts_.end()) {
            owed = left->second;
            debts_.erase(left);
        }
        turns_.push_back(key);
        members_.emplace(key, Member{std::prev(turns_.end()), weight, owed, false});
    }

    /// The member has nothing to do, or is blocked. What it overspent it still owes when it returns; credit lapses.
    void leave(const Key& key) {
        const auto found = members_.find(key);
        if (found == members_.end()) return;
        if (found->second.deficit < 0) debts_[key] = found->second.deficit;
        turns_.erase(found->second.turn);
        members_.erase(found);
    }
    /// The member is gone for good.
    void forget(const Key& key) {
        leave(key);
        debts_.erase(key);
    }

    /// Whose turn it is. Nothing when the ring is empty.
    std::optional<Key> next() {
        if (turns_.empty()) return std::nullopt;
        // Ends: each round gives everyone at least one quantum, and debts are finite.
        for (;;) {
            Member& member = members_.at(turns_.front());
            if (!member.topped_up) {
                // A turn that was not used up adds nothing to the next one.
                member.deficit = std::min(member.deficit + quantum_ * member.weight, quantum_ * member.weight);
                member.topped_up = true;
            }
            if (member.deficit > 0) return turns_.front();
            pass();
        }
    }

    /// The member spent `cost` of the resource, in its turn or, as with calls that cannot wait, out of it.
    void spend(const Key& key, Cost cost) {
        SPILLWAY_ASSERT(cost >= 0);
        const auto found = members_.find(key);
        if (found == members_.end()) {
            debts_[key] -= cost;
            if (debts_[key] == 0) debts_.erase(key);
            return;
        }
        found->second.deficit -= cost;
        if (found->second.deficit <= 0 && turns_.front() == key) pass();
    }

    /// The member whose turn it is cannot use it now (it stays in the ring).
    void pass() {
        if (turns_.empty()) return;
        Member& member = members_.at(turns_.front());
        member.topped_up = false;
        turns_.splice(turns_.end(), turns_, turns_.begin());
    }

    [[nodiscard]] bool contains(const Key& key) const { return members_.contains(key); }
    [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
    struct Member {
        typename std::list<Key>::iterator turn;
        Cost weight = 1;
        Cost deficit = 0;
        bool topped_up = false;  ///< has had this round's quantum
    };

    Cost quantum_;
    std::list<Key> turns_;  ///< the front is next
    std::unordered_map<Key, Member> members_;
    std::unordered_map<Key, Cost> debts_;  ///< of members that left owing: negative
};

}  // namespace spillway::queue
