#include "queue/sqlite/checkpoint.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>

namespace spillway::queue::sqlite {

Checkpointer::Checkpointer(SQLite::Database& database, LogWatch& watch, LogPages limits)
    : database_(database),
      watch_(watch),
      limits_(limits),
      page_bytes_(database.execAndGet("PRAGMA page_size").getInt64()) {
    // SQLite's own automatic checkpoint is such a hook, and runs inside COMMIT: this one only takes note.
    auto note = [](void* pages, sqlite3*, const char*, int in_log) {
        *static_cast<int*>(pages) = in_log;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(database_.getHandle(), note, &pages_);
}

void Checkpointer::tend(bool idle) {
    if (pages_ < copied_) copied_ = tried_at_ = 0;  // the log has begun anew
    const std::int64_t bytes = pages_ * (page_bytes_ + 24);
    watch_.log_bytes = bytes;
    if (bytes > watch_.log_bytes_peak) watch_.log_bytes_peak = bytes;
    const int fresh = pages_ - std::max(copied_, idle ? copied_ : tried_at_);
    if (fresh >= (idle ? limits_.idle : limits_.busy) || watch_.quiet()) copy();
}

void Checkpointer::copy() {
    const auto started = LogWatch::Clock::now();
    int in_log = 0;
    int copied = 0;
    const int code =
        sqlite3_wal_checkpoint_v2(database_.getHandle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(LogWatch::Clock::now() - started).count();
    ++watch_.checkpoints;
    if (took > watch_.checkpoint_us_max) watch_.checkpoint_us_max = took;
    tried_at_ = pages_;
    // Busy: readers need the rest. Full: the log keeps everything meanwhile.
    if (code == SQLITE_BUSY || (code & 0xff) == SQLITE_FULL) return;
    if (code != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), code);
    copied_ = copied;
    if (copied == in_log) {
        watch_.open_gate();  // who begins now reads the database file alone: the next commit begins the log anew
    } else if (pages_ >= limits_.gate) {
        watch_.close_gate();
    }
}

}  // namespace spillway::queue::sqlite
