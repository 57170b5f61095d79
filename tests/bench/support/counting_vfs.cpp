#include "tests/bench/support/counting_vfs.hpp"

#include <sqlite3.h>

#include <array>
#include <atomic>
#include <mutex>

namespace spillway::bench {
namespace {

/// A table of the base's functions with xSync replaced. The table comes first, so a file's pointer to it finds the
/// rest.
struct Counted {
    sqlite3_io_methods methods;
    const sqlite3_io_methods* base = nullptr;
};

std::atomic<std::int64_t> count{0};
sqlite3_vfs* base = nullptr;
std::mutex mutex;
std::array<Counted, 8> tables;  // one for each locking style of the base that was met

int count_and_sync(sqlite3_file* file, int flags) {
    ++count;
    return reinterpret_cast<const Counted*>(file->pMethods)->base->xSync(file, flags);
}

/// The counting twin of `methods`; null when there is no room for one more.
const sqlite3_io_methods* counted(const sqlite3_io_methods* methods) {
    const std::lock_guard lock(mutex);
    for (Counted& table : tables) {
        if (table.base == nullptr) {
            table.methods = *methods;
            table.methods.xSync = count_and_sync;
            table.base = methods;
        }
        if (table.base == methods) return &table.methods;
    }
    return nullptr;
}

/// The file stays the base's own: only its table of functions is another.
int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    const int status = base->xOpen(base, name, file, flags, out_flags);
    if (status != SQLITE_OK || file->pMethods == nullptr) return status;
    const sqlite3_io_methods* mine = counted(file->pMethods);
    if (mine != nullptr) file->pMethods = mine;
    return status;
}

}  // namespace

const char* counting_vfs() {
    static sqlite3_vfs vfs;
    if (base == nullptr) {
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                       0);  // as the store has it; here, because what follows begins SQLite's use
        base = sqlite3_vfs_find(nullptr);
        vfs = *base;
        vfs.zName = "counting";
        vfs.pNext = nullptr;
        vfs.xOpen = open_file;
        sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
    }
    return vfs.zName;
}

std::int64_t syncs() { return count; }

}  // namespace spillway::bench
