#pragma once
// A large file on its way to the disk, piece by piece.

#include <cstdint>
#include <string>

namespace spillway::queue::sqlite {

/// Left to the kernel, hundreds of megabytes go to the disk at once, and each commit's sync waits behind them. So what
/// another writer adds to the file is synced whenever it has grown by a piece.
class GrowingFile {
 public:
    static constexpr std::int64_t kPiece = 1 << 20;

    explicit GrowingFile(std::string path) : path_(std::move(path)) {}
    ~GrowingFile();
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;

    /// Now and then, while it is written. Whether it is durable in the end is for another sync to tell.
    /// @return whether it had grown by a piece.
    bool tend();

 private:
    std::string path_;
    int file_ = -1;  ///< opened when it is there
    std::int64_t synced_ = 0;
};

}  // namespace spillway::queue::sqlite
