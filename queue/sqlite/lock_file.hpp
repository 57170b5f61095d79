#pragma once
// Keeps a second process out of one database. The kernel gives the lock up when the process ends, however it ends.

#include <string>

#include "schema/result.hpp"

namespace spillway::queue::sqlite {

class LockFile {
 public:
    /// Errors: conflict/`store_locked`, invalid/`store_unreadable` (the file cannot be made).
    static Result<LockFile> acquire(const std::string& path);

    LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    LockFile& operator=(LockFile&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~LockFile();

 private:
    explicit LockFile(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace spillway::queue::sqlite
