#include "queue/sqlite/growing_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace spillway::queue::sqlite {

GrowingFile::~GrowingFile() {
    if (file_ >= 0) ::close(file_);
}

bool GrowingFile::tend() {
    if (file_ < 0) file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat now{};
    if (file_ < 0 || ::fstat(file_, &now) != 0 || now.st_size - synced_ < kPiece) return false;
    static_cast<void>(::fdatasync(file_));
    synced_ = now.st_size;
    return true;
}

}  // namespace spillway::queue::sqlite
