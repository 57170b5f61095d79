// SQLite's file-system interface over a FaultDisk.

#include "tests/support/fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "schema/assert.hpp"

namespace spillway::test {

namespace {

struct Handle {
    sqlite3_file base;  // first, as SQLite asks
    FaultDisk* disk;
    std::shared_ptr<FaultDisk::File>* file;
    int level;  // SQLITE_LOCK_...
    unsigned memory_shared;
    unsigned memory_exclusive;
    std::uint64_t opening;
};

Handle& handle_of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
FaultDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }

int unlock(sqlite3_file* base, int level) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    FaultDisk::File& file = **handle.file;
    if (handle.level <= level) return SQLITE_OK;
    if (file.reserved == &handle) file.reserved = nullptr;
    if (file.exclusive == &handle) file.exclusive = nullptr;
    if (level == SQLITE_LOCK_NONE) --file.shared;
    handle.level = level;
    return SQLITE_OK;
}

int lock(sqlite3_file* base, int level) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    FaultDisk::File& file = **handle.file;
    if (handle.level >= level) return SQLITE_OK;
    if (file.exclusive != nullptr && file.exclusive != &handle) return SQLITE_BUSY;
    if (handle.level == SQLITE_LOCK_NONE) {
        ++file.shared;
        handle.level = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED) {
        if (file.reserved != nullptr && file.reserved != &handle) return SQLITE_BUSY;
        file.reserved = &handle;
        handle.level = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        if (file.shared > 1) return SQLITE_BUSY;
        file.exclusive = &handle;
        handle.level = SQLITE_LOCK_EXCLUSIVE;
    }
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* base, int* out) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    *out = (*handle.file)->reserved != nullptr ? 1 : 0;
    return SQLITE_OK;
}

int memory_lock(sqlite3_file* base, int offset, int count, int flags) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    FaultDisk::File& file = **handle.file;
    for (int slot = offset; (flags & SQLITE_SHM_LOCK) != 0 && slot < offset + count; ++slot) {
        const bool other = file.memory_exclusive[slot] != nullptr && file.memory_exclusive[slot] != &handle;
        const int mine = (handle.memory_shared >> slot) & 1;
        const bool readers = (flags & SQLITE_SHM_EXCLUSIVE) != 0 && file.memory_shared[slot] > mine;
        if (other || readers) return SQLITE_BUSY;
    }
    for (int slot = offset; slot < offset + count; ++slot) {
        const unsigned bit = 1u << slot;
        const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
        unsigned& held = exclusive ? handle.memory_exclusive : handle.memory_shared;
        const bool takes = (flags & SQLITE_SHM_LOCK) != 0;
        if (takes == ((held & bit) != 0)) continue;
        held ^= bit;
        if (exclusive) {
            file.memory_exclusive[slot] = takes ? &handle : nullptr;
        } else {
            file.memory_shared[slot] += takes ? 1 : -1;
        }
    }
    return SQLITE_OK;
}

int memory_map(sqlite3_file* base, int region, int size, int extend, void volatile** out) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    auto& regions = (*handle.file)->shared_memory;
    while (extend != 0 && regions.size() <= static_cast<std::size_t>(region)) {
        regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));  // zeroed
    }
    *out =
        static_cast<std::size_t>(region) < regions.size() ? regions[static_cast<std::size_t>(region)].get() : nullptr;
    return SQLITE_OK;
}

void memory_barrier(sqlite3_file* base) {
    const std::lock_guard guard(handle_of(base).disk->mutex);  // a barrier, and one that ThreadSanitizer understands
}

int memory_unmap(sqlite3_file* base, int remove) {
    memory_lock(base, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    memory_lock(base, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    if (remove != 0) (*handle.file)->shared_memory.clear();
    return SQLITE_OK;
}

int close(sqlite3_file* base) {
    unlock(base, SQLITE_LOCK_NONE);
    delete handle_of(base).file;
    return SQLITE_OK;
}

int read(sqlite3_file* base, void* out, int size, sqlite3_int64 offset) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    if (handle.disk->is_cut()) return SQLITE_IOERR_READ;
    const std::string& content = (*handle.file)->current;
    const auto from = std::min(static_cast<std::size_t>(offset), content.size());
    const auto got = std::min(static_cast<std::size_t>(size), content.size() - from);
    std::memcpy(out, content.data() + from, got);
    std::memset(static_cast<char*>(out) + got, 0, static_cast<std::size_t>(size) - got);
    return got == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* base, const void* bytes, int size, sqlite3_int64 offset) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    const bool was_cut = handle.disk->is_cut();
    const FaultDisk::Verdict verdict = handle.disk->step(FaultDisk::Step::write);
    if (verdict == FaultDisk::Verdict::full) return SQLITE_FULL;
    if (verdict == FaultDisk::Verdict::io_error || was_cut) return SQLITE_IOERR_WRITE;
    FaultDisk::File& file = **handle.file;
    file.writers.insert(handle.opening);
    const std::string written(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
    const auto from = static_cast<std::size_t>(offset);
    if (file.current.size() < from + written.size()) file.current.resize(from + written.size(), '\0');
    file.current.replace(from, written.size(), written);
    file.pending.push_back({offset, written, false});
    // The write in which the power goes may still have reached the disk in part.
    return verdict == FaultDisk::Verdict::cut ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

int truncate(sqlite3_file* base, sqlite3_int64 size) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    if (handle.disk->step(FaultDisk::Step::truncate) != FaultDisk::Verdict::ok) return SQLITE_IOERR_TRUNCATE;
    (*handle.file)->writers.insert(handle.opening);
    (*handle.file)->current.resize(static_cast<std::size_t>(size), '\0');
    (*handle.file)->pending.push_back({size, {}, true});
    return SQLITE_OK;
}

int sync(sqlite3_file* base, int) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    // A failed sync leaves the bytes pending for ever: the kernel may have dropped them, and a second sync would not
    // tell.
    if (handle.disk->step(FaultDisk::Step::sync) != FaultDisk::Verdict::ok) return SQLITE_IOERR_FSYNC;
    if (handle.disk->lying) return SQLITE_OK;
    FaultDisk::File& file = **handle.file;
    file.writers.insert(handle.opening);
    for (const FaultDisk::Pending& pending : file.pending) {
        const auto from = static_cast<std::size_t>(pending.offset);
        if (pending.truncates) {
            file.durable.resize(from, '\0');
            continue;
        }
        if (file.durable.size() < from + pending.bytes.size()) file.durable.resize(from + pending.bytes.size(), '\0');
        file.durable.replace(from, pending.bytes.size(), pending.bytes);
    }
    file.pending.clear();
    return SQLITE_OK;
}

int file_size(sqlite3_file* base, sqlite3_int64* out) {
    Handle& handle = handle_of(base);
    const std::lock_guard guard(handle.disk->mutex);
    *out = static_cast<sqlite3_int64>((*handle.file)->current.size());
    return SQLITE_OK;
}

int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 512; }
int characteristics(sqlite3_file*) { return 0; }

const sqlite3_io_methods kMethods = {.iVersion = 2,
                                     .xClose = close,
                                     .xRead = read,
                                     .xWrite = write,
                                     .xTruncate = truncate,
                                     .xSync = sync,
                                     .xFileSize = file_size,
                                     .xLock = lock,
                                     .xUnlock = unlock,
                                     .xCheckReservedLock = check_reserved,
                                     .xFileControl = file_control,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = memory_map,
                                     .xShmLock = memory_lock,
                                     .xShmBarrier = memory_barrier,
                                     .xShmUnmap = memory_unmap,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* out_flags) {
    FaultDisk& disk = disk_of(vfs);
    const std::lock_guard guard(disk.mutex);
    Handle& handle = handle_of(base);
    base->pMethods = nullptr;
    if (disk.is_cut()) return SQLITE_IOERR;
    auto file = disk.open(name == nullptr ? "" : name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (!file) return SQLITE_CANTOPEN;
    handle =
        Handle{{&kMethods}, &disk,          new std::shared_ptr<FaultDisk::File>(std::move(file)), SQLITE_LOCK_NONE, 0,
               0,           ++disk.openings};
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int) {
    FaultDisk& disk = disk_of(vfs);
    const std::lock_guard guard(disk.mutex);
    if (disk.is_cut()) return SQLITE_IOERR_DELETE;
    disk.remove(name);
    return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* name, int, int* out) {
    FaultDisk& disk = disk_of(vfs);
    const std::lock_guard guard(disk.mutex);
    *out = disk.exists(name) ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

int randomness(sqlite3_vfs* vfs, int size, char* out) {
    FaultDisk& disk = disk_of(vfs);
    const std::lock_guard guard(disk.mutex);
    for (int at = 0; at < size; ++at) out[at] = static_cast<char>(disk.random.next());
    return size;
}

/// SQLite waits for another thread's lock in this way and gives up after so many waits: they must let that thread run.
int sleep(sqlite3_vfs* vfs, int micros) {
    if (disk_of(vfs).sleepless) return micros;
    std::this_thread::sleep_for(std::chrono::microseconds(micros));
    return micros;
}
int current_time(sqlite3_vfs*, sqlite3_int64* out) {
    *out = 212'000'000'000'000;  // only SQL's own date functions would ask
    return SQLITE_OK;
}

}  // namespace

FaultVfs::FaultVfs() {
    static std::atomic<int> instances{0};
    name_ = "fault-" + std::to_string(++instances);
    vfs_ = std::make_unique<sqlite3_vfs>();
    vfs_->iVersion = 2;
    vfs_->szOsFile = sizeof(Handle);
    vfs_->mxPathname = 512;
    vfs_->zName = name_.c_str();
    vfs_->pAppData = &disk_;
    vfs_->xOpen = open;
    vfs_->xDelete = remove;
    vfs_->xAccess = access;
    vfs_->xFullPathname = full_path;
    vfs_->xRandomness = randomness;
    vfs_->xSleep = sleep;
    vfs_->xCurrentTimeInt64 = current_time;
    const int registered = sqlite3_vfs_register(vfs_.get(), 0);
    SPILLWAY_ASSERT(registered == SQLITE_OK);
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(vfs_.get()); }

}  // namespace spillway::test
