#pragma once
// How much room the disk has left, what may still be done with it, and the ballast: a file that is given up when the
// disk is full, so that what is in flight can be settled.

#include <cstdint>
#include <functional>
#include <string>

#include "queue/sqlite/storage_status.hpp"

namespace spillway::queue::sqlite {

struct SpaceLimits {
    std::int64_t intake_min = 512ll << 20;       ///< below it nothing new is taken in
    std::int64_t sends_min = 256ll << 20;        ///< below it nothing is begun that would have to be settled
    std::int64_t ballast = 0;                    ///< bytes kept back; 0: none
    std::function<std::int64_t()> free_bytes{};  ///< empty: ask the file system
};

class Space {
 public:
    /// `path` is the database file. The ballast is laid down when there is ample room for it.
    Space(std::string path, SpaceLimits limits);

    [[nodiscard]] std::int64_t free_bytes() const;
    [[nodiscard]] Room room() const;
    /// Storage thread, before a group: gives the ballast up when the disk is all but full, and lays it down again when
    /// there is ample room. A ballast that cannot be laid down is tried again the next time.
    void tend();
    /// Storage thread, after a write that found no space.
    void release();
    [[nodiscard]] std::string ballast_path() const { return path_ + ".ballast"; }

 private:
    void lay_down();

    std::string path_;
    SpaceLimits limits_;
    bool laid_ = false;
};

}  // namespace spillway::queue::sqlite
