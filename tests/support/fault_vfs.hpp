#pragma once
// A SQLite file system in memory that keeps what was not synced apart, so that a test can cut the power at any write or
// sync, see a sync fail, or run out of space. Safe for several connections and threads of one process.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/random.hpp"

struct sqlite3_vfs;

namespace spillway::test {

/// The files, apart from how SQLite reaches them. A step is one write, truncation or sync, counted from 1.
class FaultDisk {
 public:
    struct Pending {
        std::int64_t offset = 0;
        std::string bytes;
        bool truncates = false;  ///< to `offset`
    };
    struct File {
        std::string current;              ///< as the process sees it
        std::string durable;              ///< as it would be after a power cut, but for luck
        std::vector<Pending> pending;     ///< not synced yet, in order
        std::set<std::uint64_t> writers;  ///< which openings have written, truncated or synced it
        std::vector<std::unique_ptr<char[]>> shared_memory;
        // Locks, as SQLite's file locks and its shared-memory locks define them.
        int shared = 0;
        const void* reserved = nullptr;
        const void* exclusive = nullptr;
        int memory_shared[8] = {};
        const void* memory_exclusive[8] = {};
    };
    enum class Step { write, truncate, sync };
    enum class Verdict { ok, cut, io_error, full };

    std::shared_ptr<File> open(const std::string& name, bool create);
    void remove(const std::string& name);
    bool exists(const std::string& name) const;
    /// Counts the step and says what becomes of it.
    Verdict step(Step kind);
    [[nodiscard]] bool is_cut() const { return cut_; }

    std::map<std::string, std::shared_ptr<File>> files;
    std::recursive_mutex mutex;
    std::uint64_t steps = 0;
    std::uint64_t openings = 0;
    std::uint64_t cut_at = 0;     ///< 0: never
    std::uint64_t fail_at = 0;    ///< this one step fails with an input/output error; 0: never
    bool full = false;            ///< writes fail for lack of space
    std::uint64_t full_from = 0;  ///< the same from this step on; 0: never
    bool sleepless = false;       ///< SQLite's waits for a lock pass at once
    bool lying = false;           ///< syncs say that they are done and do nothing
    SeededRandom random{1};       ///< what SQLite asks for: the same at each run

 private:
    friend class FaultVfs;
    bool cut_ = false;
};

/// What a power cut leaves of the bytes that were not synced. A process that is killed keeps them all.
enum class Fate { dropped, kept, torn };

class FaultVfs {
 public:
    /// Registers the file system under a name that no other instance has.
    FaultVfs();
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }

    /// Writes, truncations and syncs so far.
    [[nodiscard]] std::uint64_t steps() const { return disk_.steps; }
    /// The power goes in the middle of the step `after` steps from now; that step and all after it fail.
    void cut_power_in(std::uint64_t after) { disk_.cut_at = disk_.steps + after; }
    /// The step `after` steps from now fails once with an input/output error.
    void fail_step_in(std::uint64_t after) { disk_.fail_at = disk_.steps + after; }
    void set_full(bool full) { disk_.full = full, disk_.full_from = 0; }
    /// No space from the step `after` steps from now on, until set_full(false).
    void fill_in(std::uint64_t after) { disk_.full_from = disk_.steps + after; }
    /// Syncs do nothing from now on, as with `synchronous = OFF` or a drive that lies.
    void set_lying(bool lying) { disk_.lying = lying; }
    /// SQLite waits for another connection's lock in no time, and so gives up after as many tries as else in seconds.
    void set_sleepless(bool sleepless) { disk_.sleepless = sleepless; }
    /// Nothing that was ordered and has not happened yet happens any more.
    void relent() {
        disk_.cut_at = disk_.fail_at = 0;
        set_full(false);
    }
    [[nodiscard]] bool is_cut() const { return disk_.is_cut(); }

    /// The power goes now: every step from here fails.
    void cut_power() { disk_.cut_ = true; }
    /// Power comes back: of each file the synced bytes, and of what was not synced any part, by sectors of 512 bytes.
    /// Every connection must be closed or abandoned before.
    void power_on(Random& random);
    /// The same where only the process had died: what was written is all there, synced or not.
    void power_on_unharmed();
    /// The same with one fate for all files.
    void power_on(Fate fate, Random& random);

    /// All files as the process sees them, to begin many runs from one state. No connection may be open at `load`.
    using Image = std::map<std::string, std::string>;
    Image save();
    void load(const Image& image);
    /// How many openings of the file have ever written, truncated or synced it.
    [[nodiscard]] std::size_t writers(const std::string& file) const;
    /// Overwrites bytes of a file behind SQLite's back; it must exist.
    void corrupt(const std::string& file, std::int64_t offset, const std::string& bytes);

 private:
    void power_on(std::optional<Fate> fate, Random& random);

    FaultDisk disk_;
    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace spillway::test
