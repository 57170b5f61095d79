#pragma once
// What the writer and the readers must know of each other: how long the write-ahead log is, and which snapshots keep it
// from being used again. Any thread.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace spillway::queue::sqlite {

/// Pages of the write-ahead log that are not in the database file yet, and what happens at that many. A checkpoint
/// cannot be told how far to go, so its size is that of what has gathered. It costs one sync of the database file,
/// whatever its size (measured on a busy disk: 12 ms at 1,000 pages, 16 ms at 4,000): the larger step costs less.
struct LogPages {
    int busy = 4'000;   ///< checkpoint, though commands are waiting
    int idle = 256;     ///< checkpoint when nothing waits: then it costs nobody anything
    int gate = 16'000;  ///< readers keep the log from being used again: let new ones wait for a moment
};

class LogWatch {
 public:
    using Clock = std::chrono::steady_clock;  // the machine's: snapshots last as long as real work takes

    /// An open read transaction.
    class Snapshot {
     public:
        Snapshot(LogWatch& watch, std::uint64_t id) : watch_(&watch), id_(id) {}
        Snapshot(Snapshot&& other) noexcept : watch_(std::exchange(other.watch_, nullptr)), id_(other.id_) {}
        Snapshot& operator=(Snapshot&&) = delete;
        ~Snapshot() {
            if (watch_) watch_->end(id_);
        }

     private:
        LogWatch* watch_;
        std::uint64_t id_;
    };
    enum class Length { brief, lengthy };  ///< lengthy: backups and checks

    /// Before BEGIN. A brief one waits while the gate is closed.
    Snapshot begin(Length length) {
        std::unique_lock lock(mutex_);
        if (length == Length::brief) opened_.wait_until(lock, closed_until_, [this] { return !closed(); });
        open_.emplace(++last_, Open{Clock::now(), length});
        return {*this, last_};
    }
    /// Writer: new brief snapshots wait, so that the ones that are open are the last for a moment; for as long as a
    /// read may take, whatever the writer does next. Not while a lengthy one is open: it alone would keep the log
    /// anyway.
    void close_gate() {
        constexpr std::chrono::milliseconds kClosed{300};
        const std::lock_guard lock(mutex_);
        for (const auto& [id, open] : open_) {
            if (open.length == Length::lengthy) return;
        }
        if (!closed()) closed_until_ = Clock::now() + kClosed;
    }
    void open_gate() {
        const std::lock_guard lock(mutex_);
        closed_until_ = {};
        opened_.notify_all();
    }
    /// The gate is closed, and the last snapshot has ended: a checkpoint now can copy everything.
    [[nodiscard]] bool quiet() const {
        const std::lock_guard lock(mutex_);
        return closed() && open_.empty();
    }

    /// How long the oldest open snapshot has lasted; nothing when none is open.
    [[nodiscard]] std::optional<std::chrono::milliseconds> oldest() const {
        const std::lock_guard lock(mutex_);
        if (open_.empty()) return std::nullopt;
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - open_.begin()->second.since);
    }

    std::atomic<std::int64_t> log_bytes{0};       ///< of the log, not yet given back
    std::atomic<std::int64_t> log_bytes_peak{0};  ///< since the start
    std::atomic<std::int64_t> left_open{0};       ///< reads that left a statement half read
    std::atomic<std::int64_t> checkpoints{0};
    std::atomic<std::int64_t> checkpoint_us_max{0};

 private:
    struct Open {
        Clock::time_point since;
        Length length;
    };
    [[nodiscard]] bool closed() const { return Clock::now() < closed_until_; }
    void end(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        open_.erase(id);
    }

    mutable std::mutex mutex_;
    std::condition_variable opened_;
    std::map<std::uint64_t, Open> open_;
    std::uint64_t last_ = 0;
    Clock::time_point closed_until_{};
};

}  // namespace spillway::queue::sqlite
