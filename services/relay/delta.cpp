#include "services/relay/delta.hpp"

#include <algorithm>

namespace spillway::relay {

void SmallestIds::add(std::int64_t id) {
    ids_.push_back(id);
    if (ids_.size() >= 2 * keep_) prune();
}

void SmallestIds::prune() {
    if (ids_.size() <= keep_) return;
    std::ranges::nth_element(ids_, ids_.begin() + static_cast<std::ptrdiff_t>(keep_));
    ids_.resize(keep_);
    dropped_ = true;
}

std::pair<std::vector<std::int64_t>, bool> SmallestIds::take() {
    prune();
    std::ranges::sort(ids_);
    // An index that is damaged may show a row twice.
    const auto twice = std::ranges::unique(ids_);
    ids_.erase(twice.begin(), twice.end());
    return {std::exchange(ids_, {}), std::exchange(dropped_, false)};
}

Walk::Walk(Snapshot from, Snapshot to, std::int64_t after, std::optional<WallTime> created_since, Bounds bounds)
    : to_(std::move(to)), after_(after), created_since_(created_since), bounds_(bounds), ids_(bounds.ids_kept) {
    Delta delta = delta_between(from, to_);
    ended_ = std::move(delta.ended);
    if (delta.first <= delta.last) ranges_.push_back({delta.first, delta.last, {}, 0, {}});
    done_ = ended_.empty() && ranges_.empty();
}

void Walk::shrink() { bounds_.keys_per_statement = std::max<std::size_t>(1, bounds_.keys_per_statement / 4); }

void Walk::add(const std::vector<Key>& keys) {
    for (const Key& key : keys)
        if (key.id > after_ && to_.shows(key.xid)) ids_.add(key.id);
}

boost::asio::awaitable<Result<void>> Walk::read_ended(PaymentSession& session) {
    auto keys = co_await session.keys_of(ended_, bounds_.keys_per_statement);
    if (!keys.ok()) co_return std::move(keys).error();
    if (keys->size() < bounds_.keys_per_statement) {
        add(*keys);
    } else {
        // Together they have written too much for one statement: one by one, in pages.
        for (const Xid xid : ended_) ranges_.push_back({xid, xid, {}, 0, {}});
    }
    ended_.clear();
    done_ = ranges_.empty();
    co_return success();
}

boost::asio::awaitable<Result<void>> Walk::advance(PaymentSession& session) {
    if (done_) co_return success();
    if (!ended_.empty()) {
        auto read = co_await read_ended(session);
        co_return read;
    }
    KeyRange range = ranges_.back();
    range.limit = bounds_.keys_per_statement;
    range.created_since = created_since_;
    auto keys = co_await session.keys_between(range);
    if (!keys.ok()) co_return std::move(keys).error();
    add(*keys);
    if (keys->size() < bounds_.keys_per_statement)
        ranges_.pop_back();
    else
        ranges_.back().after = keys->back();
    done_ = ranges_.empty();
    co_return success();
}

}  // namespace spillway::relay
