#pragma once
// What a run took: latencies as quantiles, CPU time, and a folder on the disk that is measured.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace spillway::bench {

using SteadyClock = std::chrono::steady_clock;

inline double seconds_since(SteadyClock::time_point start) {
    return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

/// Latencies in milliseconds.
class Samples {
 public:
    void add(SteadyClock::time_point start) { values_.push_back(seconds_since(start) * 1000); }
    /// The nearest-rank quantile; 0 without samples.
    [[nodiscard]] double quantile(double share);
    [[nodiscard]] std::size_t size() const { return values_.size(); }

 private:
    std::vector<double> values_;
    bool sorted_ = false;
};

/// User and system time of this process so far, all threads.
double cpu_seconds();

/// The most memory that this process has held at a time, in MiB.
double peak_memory_mib();

/// A folder that is gone afterwards, under SPILLWAY_BENCH_DIR (default: where the program stands): figures of a memory
/// file system would be worthless.
class Folder {
 public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
    std::filesystem::path path_;
};

/// The number in an environment variable, or the fallback.
double setting(const char* name, double fallback);

/// 1 KiB that looks like a record: the payload of every queue here and of every peer.
std::string payload(std::size_t bytes = 1024);

}  // namespace spillway::bench
