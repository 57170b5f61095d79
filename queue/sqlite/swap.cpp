#include "queue/sqlite/swap.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace spillway::queue::sqlite {

namespace {

namespace fs = std::filesystem;

std::string journal_path(const std::string& path) { return path + ".swap"; }

bool sync_path(const std::string& path, int flags) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
    if (file < 0) return false;
    const bool synced = ::fsync(file) == 0;
    ::close(file);
    return synced;
}

Error cannot(const std::string& what, const std::string& path) {
    return invalid("store_unreadable", "cannot " + what + " " + path);
}

}  // namespace

bool sync_file(const std::string& path) { return sync_path(path, 0); }
bool sync_folder_of(const std::string& path) {
    return sync_path(fs::absolute(path).parent_path().string(), O_DIRECTORY);
}

std::string repaired_path(const std::string& path) { return path + ".repaired"; }

Result<void> begin_swap(const std::string& path, const std::string& kept) {
    const std::string draft = journal_path(path) + ".draft";
    {
        std::ofstream journal(draft, std::ios::trunc);
        journal << kept << '\n';
        journal.flush();
        if (!journal) return cannot("write", draft);
    }
    if (!sync_file(repaired_path(path)) || !sync_file(draft)) return cannot("make durable", draft);
    std::error_code failed;
    fs::rename(draft, journal_path(path), failed);
    if (failed || !sync_folder_of(path)) return cannot("make durable", journal_path(path));
    return success();
}

Result<void> finish_swap(const std::string& path) {
    if (!fs::exists(journal_path(path))) return success();
    std::string kept;
    std::ifstream journal(journal_path(path));
    std::getline(journal, kept);
    if (kept.empty()) return cannot("read", journal_path(path));
    std::error_code failed;
    // Once the repaired file has its place, the old ones have left theirs.
    if (fs::exists(repaired_path(path))) {
        if (fs::exists(path)) fs::rename(path, kept, failed);
        if (!failed && fs::exists(path + "-wal")) fs::rename(path + "-wal", kept + "-wal", failed);
        if (!failed) fs::remove(path + "-shm", failed);
        // The log is gone durably before the new database appears: with it, it would be read as its log.
        if (!failed && !sync_folder_of(path)) return cannot("make durable", path);
        if (!failed) fs::rename(repaired_path(path), path, failed);
    }
    if (!failed && !sync_folder_of(path)) return cannot("make durable", path);
    if (!failed) fs::remove(journal_path(path), failed);
    if (failed) return cannot("put the repaired file in the place of", path);
    return success();
}

}  // namespace spillway::queue::sqlite
