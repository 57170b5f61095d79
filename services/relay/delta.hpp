#pragma once
// Which rows a step consists of: found by transaction ids, in short statements, and taken in by ascending ids.

#include "services/relay/payment_db.hpp"

namespace spillway::relay {

/// The smallest ids of a stream, bounded in memory.
class SmallestIds {
 public:
    explicit SmallestIds(std::size_t keep) : keep_(keep) {}
    void add(std::int64_t id);
    /// Ascending. @return also whether greater ones were dropped.
    std::pair<std::vector<std::int64_t>, bool> take();

 private:
    void prune();
    std::size_t keep_;
    bool dropped_ = false;
    std::vector<std::int64_t> ids_{};
};

/// A walk over the transactions of one step that can go on in another session.
class Walk {
 public:
    struct Bounds {
        std::size_t keys_per_statement = 5'000;
        std::size_t ids_kept = 1'000'000;
    };
    /// `after`: rows up to this id are in already.
    Walk(Snapshot from, Snapshot to, std::int64_t after, std::optional<WallTime> created_since, Bounds bounds);

    /// One statement's worth. Errors: the session's; the walk stands where it stood.
    boost::asio::awaitable<Result<void>> advance(PaymentSession& session);
    /// Fewer keys a statement from now on: the last one took too long.
    void shrink();
    [[nodiscard]] bool done() const { return done_; }
    /// When done: the ids, ascending, and whether there are more behind the last one.
    std::pair<std::vector<std::int64_t>, bool> take() { return ids_.take(); }

 private:
    boost::asio::awaitable<Result<void>> read_ended(PaymentSession& session);
    void add(const std::vector<Key>& keys);

    Snapshot to_;
    std::int64_t after_;
    std::optional<WallTime> created_since_;
    Bounds bounds_;
    std::vector<Xid> ended_{};        ///< asked for together first
    std::vector<KeyRange> ranges_{};  ///< then one after the other, from the back
    bool done_ = false;
    SmallestIds ids_;
};

}  // namespace spillway::relay
