#pragma once
// A bounded file that takes what may not wait while the store is out of reach: appended and synced, with a sequence of
// its own that the store remembers, so that each entry is merged exactly once. Payloads are opaque. One thread at a
// time.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "schema/result.hpp"

struct sqlite3_file;

namespace spillway::queue {

struct SpillSettings {
    std::string path;
    std::int64_t bytes_max = 256ll << 20;
    std::string
        vfs{};  ///< a SQLite VFS by name: the file is reached through it, as the database is; empty: the default
};

struct SpillEntry {
    std::uint64_t sequence = 0;  ///< rises by one, for ever
    std::string payload;
};

class SpillFile {
 public:
    /// `merged`: the highest sequence that the store has merged; what the file still holds up to it is passed over. (A
    /// store that was restored from a backup may be behind the file's first entry: it takes what there is.) A
    /// last append that a crash has cut short is cut off: nobody was told of it. Errors: invalid/`spill_damaged` (an
    /// entry that was acknowledged cannot be read), unavailable/`spill_failed` (the disk).
    static Result<std::unique_ptr<SpillFile>> open(SpillSettings settings, std::uint64_t merged);
    ~SpillFile();
    SpillFile(const SpillFile&) = delete;
    SpillFile& operator=(const SpillFile&) = delete;

    /// All of them or none, durable when this returns. @return the sequence of the first one. Errors:
    /// unavailable/`spill_full` (its bound), unavailable/`storage_full` (the disk's); unavailable/`spill_failed`, and
    /// then for ever: what the file holds is not known until it is opened again.
    Result<std::uint64_t> append(const std::vector<std::string>& payloads);
    /// What is not merged yet, in order.
    [[nodiscard]] const std::deque<SpillEntry>& entries() const { return entries_; }
    /// The store has committed everything up to `sequence`, and this number with it. An empty file gives its space
    /// back.
    void forget(std::uint64_t sequence);
    [[nodiscard]] std::int64_t bytes() const { return end_; }

 private:
    explicit SpillFile(SpillSettings settings) : settings_(std::move(settings)) {}
    Result<void> open_file();
    Result<void> load(std::uint64_t merged);
    /// The frame at `offset`: its entries and where the next begins; nothing when there is no whole one.
    struct Frame {
        std::vector<SpillEntry> entries;
        std::int64_t next = 0;
    };
    static std::optional<Frame> frame_at(const std::string& content, std::size_t offset);
    Error fail();

    SpillSettings settings_;
    std::unique_ptr<char[]> memory_;  // SQLite's file object lives in here
    sqlite3_file* file_ = nullptr;
    std::deque<SpillEntry> entries_;
    std::uint64_t last_ = 0;
    std::int64_t end_ = 0;
    bool failed_ = false;
};

}  // namespace spillway::queue
