#include "queue/sqlite/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace spillway::queue::sqlite {

Result<LockFile> LockFile::acquire(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return Error{ErrorKind::invalid, "store_unreadable",
                     "cannot write " + path + ": " + std::generic_category().message(errno)};
    }
    LockFile lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return Error{ErrorKind::conflict, "store_locked",
                     "another process has opened the store (" + path + " is locked)"};
    }
    return lock;
}

LockFile::~LockFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace spillway::queue::sqlite
