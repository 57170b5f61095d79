#pragma once
// Rows in order of creation, found by id or by secondary keys without a scan, with an undo log for batches that fail.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace spillway::sandbox::xero {

/// What to do, last first, to take changes back.
class UndoLog {
 public:
    using Mark = std::size_t;
    void note(std::function<void()> undo) { steps_.push_back(std::move(undo)); }
    [[nodiscard]] Mark mark() const { return steps_.size(); }
    void roll_back_to(Mark mark) {
        while (steps_.size() > mark) {
            const auto undo = std::move(steps_.back());
            steps_.pop_back();
            undo();
        }
    }
    /// The changes stay.
    void clear() { steps_.clear(); }

 private:
    std::vector<std::function<void()>> steps_;
};

/// T has a member `id`. Keys are words with a prefix for their kind ("name:acme"); several rows may share one.
/// Pointers to rows stay valid until that row is put again or erased.
template <class T>
class Table {
 public:
    using KeysOf = std::vector<std::string> (*)(const T&);
    Table(UndoLog& undo, KeysOf keys_of) : undo_(undo), keys_of_(keys_of) {}

    [[nodiscard]] const T* find(const std::string& id) const {
        const auto at = by_id_.find(id);
        return at == by_id_.end() ? nullptr : &rows_.at(at->second);
    }
    /// The rows with that key, oldest first.
    [[nodiscard]] std::vector<const T*> with(const std::string& key) const {
        std::map<std::uint64_t, const T*> found;
        const auto [first, last] = by_key_.equal_range(key);
        for (auto at = first; at != last; ++at) found.emplace(at->second, &rows_.at(at->second));
        std::vector<const T*> list;
        for (const auto& [seq, row] : found) list.push_back(row);
        return list;
    }
    /// All rows, oldest first, by sequence number.
    [[nodiscard]] const std::map<std::uint64_t, T>& rows() const { return rows_; }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }

    /// Adds the row, or replaces the one with its id.
    const T& put(T row) {
        const auto at = by_id_.find(row.id);
        const std::uint64_t seq = at == by_id_.end() ? ++last_seq_ : at->second;
        if (at == by_id_.end())
            undo_.note([this, seq] { drop(seq); });
        else
            undo_.note([this, seq, old = rows_.at(seq)] { place(seq, old); });
        return place(seq, std::move(row));
    }
    void erase(const std::string& id) {
        const auto at = by_id_.find(id);
        if (at == by_id_.end()) return;
        const std::uint64_t seq = at->second;
        undo_.note([this, seq, old = rows_.at(seq)] { place(seq, old); });
        drop(seq);
    }

 private:
    const T& place(std::uint64_t seq, T row) {
        drop(seq);
        const T& placed = rows_.insert_or_assign(seq, std::move(row)).first->second;
        by_id_[placed.id] = seq;
        for (std::string& key : keys_of_(placed)) by_key_.emplace(std::move(key), seq);
        return placed;
    }
    void drop(std::uint64_t seq) {
        const auto at = rows_.find(seq);
        if (at == rows_.end()) return;
        for (const std::string& key : keys_of_(at->second)) {
            const auto [first, last] = by_key_.equal_range(key);
            for (auto entry = first; entry != last; ++entry) {
                if (entry->second != seq) continue;
                by_key_.erase(entry);
                break;
            }
        }
        by_id_.erase(at->second.id);
        rows_.erase(at);
    }

    UndoLog& undo_;
    KeysOf keys_of_;
    std::uint64_t last_seq_ = 0;
    std::map<std::uint64_t, T> rows_;
    std::unordered_map<std::string, std::uint64_t> by_id_;
    std::unordered_multimap<std::string, std::uint64_t> by_key_;
};

}  // namespace spillway::sandbox::xero
