#pragma once
// An ordered set in chunks of a few hundred values: a million ids that come in order take 8 MB, where a tree of nodes
// takes 48. Finding a chunk is a binary search; adding or removing moves at most one chunk's values.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "schema/assert.hpp"

namespace spillway::queue {

template <class T>
class SortedChunks {
 public:
    static constexpr std::size_t kChunk = 256;

    [[nodiscard]] bool empty() const { return chunks_.empty(); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const T& front() const {
        SPILLWAY_ASSERT(!empty());
        return chunks_.front().front();
    }

    /// False when it is there already.
    bool insert(const T& value) {
        if (chunks_.empty()) chunks_.emplace_back();
        const std::size_t at = chunk_of(value);
        Chunk& chunk = chunks_[at];
        const auto place = std::lower_bound(chunk.begin(), chunk.end(), value);
        if (place != chunk.end() && *place == value) return false;
        ++size_;
        if (chunk.size() < kChunk) {
            chunk.insert(place, value);
        } else if (place == chunk.end()) {
            chunks_.insert(chunks_.begin() + offset(at + 1), Chunk{value});  // values that rise fill their chunks
        } else {
            split(at, value);
        }
        return true;
    }

    /// False when it was not there.
    bool erase(const T& value) {
        if (chunks_.empty()) return false;
        const std::size_t at = chunk_of(value);
        Chunk& chunk = chunks_[at];
        const auto place = std::lower_bound(chunk.begin(), chunk.end(), value);
        if (place == chunk.end() || *place != value) return false;
        chunk.erase(place);
        --size_;
        if (chunk.empty())
            chunks_.erase(chunks_.begin() + offset(at));
        else if (chunk.size() < kChunk / 4)
            join(at);
        return true;
    }

    /// How many values are smaller.
    [[nodiscard]] std::size_t rank(const T& value) const {
        if (chunks_.empty()) return 0;
        const std::size_t at = chunk_of(value);
        std::size_t smaller = 0;
        for (std::size_t each = 0; each < at; ++each) smaller += chunks_[each].size();
        const auto place = std::lower_bound(chunks_[at].begin(), chunks_[at].end(), value);
        return smaller + static_cast<std::size_t>(place - chunks_[at].begin());
    }

    /// In order, until `fn` returns false.
    template <class Fn>
    void visit(Fn fn) const {
        for (const Chunk& chunk : chunks_) {
            for (const T& value : chunk) {
                if (!fn(value)) return;
            }
        }
    }

 private:
    using Chunk = std::vector<T>;

    static std::ptrdiff_t offset(std::size_t at) { return static_cast<std::ptrdiff_t>(at); }

    /// The last chunk that begins at or before `value`; the first one when none does.
    std::size_t chunk_of(const T& value) const {
        const auto after =
            std::upper_bound(chunks_.begin(), chunks_.end(), value,
                             [](const T& each, const Chunk& chunk) { return !chunk.empty() && each < chunk.front(); });
        return after == chunks_.begin() ? 0 : static_cast<std::size_t>(after - chunks_.begin()) - 1;
    }

    void split(std::size_t at, const T& value) {
        Chunk& low = chunks_[at];
        const auto middle = low.begin() + offset(kChunk / 2);
        Chunk high(middle, low.end());
        low.erase(middle, low.end());
        Chunk& target = value < high.front() ? low : high;
        target.insert(std::lower_bound(target.begin(), target.end(), value), value);
        chunks_.insert(chunks_.begin() + offset(at + 1), std::move(high));
    }

    /// A chunk that has become small goes into its successor, when both fit into half a chunk: then neither is split
    /// again by the next value.
    void join(std::size_t at) {
        if (at + 1 == chunks_.size() || chunks_[at].size() + chunks_[at + 1].size() > kChunk / 2) return;
        chunks_[at].insert(chunks_[at].end(), chunks_[at + 1].begin(), chunks_[at + 1].end());
        chunks_.erase(chunks_.begin() + offset(at + 1));
    }

    std::vector<Chunk> chunks_;  // none is empty, but for the moment between two lines of insert
    std::size_t size_ = 0;
};

}  // namespace spillway::queue
