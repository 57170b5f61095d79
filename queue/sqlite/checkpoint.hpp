#pragma once
// When the write-ahead log is copied into the database file: by the writer's own connection, between two groups and
// after the answers of the last one have been given, never inside a COMMIT. Storage thread only.

#include <SQLiteCpp/Database.h>

#include "queue/sqlite/log_watch.hpp"

namespace spillway::queue::sqlite {

class Checkpointer {
 public:
    /// `database` has wal_autocheckpoint off and outlives this.
    Checkpointer(SQLite::Database& database, LogWatch& watch, LogPages limits);
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// After a group, its answers given. Throws SQLite::Exception when the disk is sick: the store has then failed.
    void tend(bool idle);

 private:
    void copy();

    SQLite::Database& database_;
    LogWatch& watch_;
    LogPages limits_;
    std::int64_t page_bytes_;
    int pages_ = 0;     ///< in the log; set by SQLite at every commit
    int copied_ = 0;    ///< of them in the database file
    int tried_at_ = 0;  ///< pages at the last try: one that readers held up is not repeated at once
};

}  // namespace spillway::queue::sqlite
