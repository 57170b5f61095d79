#pragma once
// Repair of a damaged store: every row that can still be read goes into a new file with new indexes, which takes the
// place of the old one. Nobody else may have the store open.

#include <functional>
#include <span>

#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::queue::sqlite {

struct RepairOptions {
    std::string path;
    std::span<const std::pair<std::string_view, std::string_view>> migrations;
    bool accept_loss = false;  ///< swap although rows are lost
    std::string stamp;         ///< goes into the name under which the old file is kept
    /// Called when rows are lost, before the swap begins: the place to note durably that the store is behind what was
    /// told of it. Its error ends the repair with nothing changed.
    std::function<Result<void>()> before_lossy_swap{};
};

struct RepairedTable {
    std::string name;
    std::int64_t rows = 0;     ///< carried over
    std::int64_t lost = 0;     ///< known from an index or a neighbour and not readable any more
    std::int64_t refused = 0;  ///< readable, and at odds with a row that was carried over before
    bool unreadable_in_part = false;
};

struct RepairReport {
    std::vector<RepairedTable> tables;
    std::vector<std::string> before;  ///< what was wrong with the old file, in SQLite's words
    std::vector<std::string> after;   ///< what is wrong with the new one: references to rows that are lost
    std::string kept;                 ///< the old file, once the new one is in its place
    [[nodiscard]] bool lossless() const;
};

/// Works on a copy. Without `accept_loss` a repair that loses anything leaves the store as it was (`kept` is empty).
/// Errors: conflict/`store_locked`, invalid/`store_unreadable` (nothing can be recovered), conflict/`schema_newer`,
/// unavailable/`storage_full`.
Result<RepairReport> repair(const RepairOptions& options);

}  // namespace spillway::queue::sqlite
