#pragma once
// What an operator can know of the store: its log, its disk, its last check and backup.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::queue::sqlite {

/// What the free space on the disk allows.
enum class Room {
    ample,
    no_intake,     ///< what is in the queue is carried out, nothing new is taken in
    settles_only,  ///< nothing is sent either: the rest of the space is for what is in flight
};
std::string_view to_string(Room room);

enum class CheckDepth {
    quick,  ///< pages and rows, table by table
    full,   ///< indexes against rows too, the free list, references
};
std::string_view to_string(CheckDepth depth);

struct CheckReport {
    CheckDepth depth = CheckDepth::quick;
    WallTime at{};
    Millis took{};
    bool complete = false;              ///< false: it gave way to the log's bound, or a stop
    std::vector<std::string> problems;  ///< what is damaged, in SQLite's words; 100 at most
    [[nodiscard]] bool damaged() const { return !problems.empty(); }
};

struct BackupReport {
    std::string path;
    WallTime at{};
    Millis took{};
    std::int64_t bytes = 0;
    std::string failure;    ///< empty: the file is there, and its own check found nothing
    bool gave_way = false;  ///< it failed for the log's bound, or a stop: it can be tried again soon
};

/// Indexes made anew from their tables, one at a time.
struct RebuildReport {
    WallTime at{};  ///< when it began
    Millis took{};
    std::int64_t done = 0, total = 0;   ///< indexes
    std::string index;                  ///< the one under way; empty when it has ended
    bool complete = false;              ///< false: it goes on, or it was stopped
    std::vector<std::string> problems;  ///< indexes that cannot be rebuilt, and why
};

/// Whether everything that a check found is an index at odds with its table: the rows are sound, and a rebuild mends
/// it.
bool only_indexes(const std::vector<std::string>& damage);

struct StorageStatus {
    std::int64_t log_bytes = 0, log_bytes_peak = 0, log_bytes_max = 0;
    std::int64_t checkpoints = 0, checkpoint_us_max = 0;
    std::optional<Millis> oldest_snapshot;
    std::int64_t left_open = 0;  ///< reads that left a statement half read
    std::int64_t free_bytes = 0;
    Room room = Room::ample;
    std::string under_way;  ///< "backup", "quick_check", "integrity_check", "reindex"; empty: nothing
    std::optional<CheckReport> last_check;
    std::optional<BackupReport> last_backup;
    std::optional<RebuildReport> rebuild;  ///< the last one since the start, or the one under way
    /// What the last check that found something found; a later clean full check takes it back.
    std::vector<std::string> damage;
};

}  // namespace spillway::queue::sqlite
