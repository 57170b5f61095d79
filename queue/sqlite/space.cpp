#include "queue/sqlite/space.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <limits>
#include <utility>

namespace spillway::queue::sqlite {

Space::Space(std::string path, SpaceLimits limits) : path_(std::move(path)), limits_(std::move(limits)) {
    laid_ = ::access(ballast_path().c_str(), F_OK) == 0;
    tend();
}

std::int64_t Space::free_bytes() const {
    if (limits_.free_bytes) return limits_.free_bytes();
    const std::string folder = std::filesystem::path(path_).parent_path().string();
    struct statvfs space{};
    if (::statvfs(folder.empty() ? "." : folder.c_str(), &space) != 0) return std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(space.f_bavail) * static_cast<std::int64_t>(space.f_frsize);
}

Room Space::room() const {
    const std::int64_t free = free_bytes();
    if (free < limits_.sends_min) return Room::settles_only;
    return free < limits_.intake_min ? Room::no_intake : Room::ample;
}

void Space::tend() {
    if (limits_.ballast == 0) return;
    constexpr std::int64_t kAlmostFull = 32ll << 20;
    const std::int64_t free = free_bytes();
    if (laid_ && free < kAlmostFull) release();
    if (!laid_ && free >= limits_.intake_min + 2 * limits_.ballast) lay_down();
}

void Space::release() {
    if (!laid_) return;
    ::unlink(ballast_path().c_str());
    laid_ = false;
}

void Space::lay_down() {
    const std::string path = ballast_path();
    const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return;
    // Allocated, not written: quick, and the space is really taken.
    laid_ = ::posix_fallocate(file, 0, limits_.ballast) == 0;
    ::close(file);
    if (!laid_) ::unlink(path.c_str());
}

}  // namespace spillway::queue::sqlite
