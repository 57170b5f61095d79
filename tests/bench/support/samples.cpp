#include "tests/bench/support/samples.hpp"

#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace spillway::bench {

double Samples::quantile(double share) {
    if (values_.empty()) return 0;
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values_.size())));
    return values_[std::max<std::size_t>(rank, 1) - 1];
}

double cpu_seconds() {
    struct rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double peak_memory_mib() {
    struct rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_maxrss) / 1024;
}

Folder::Folder() {
    const char* given = ::getenv("SPILLWAY_BENCH_DIR");
    const std::filesystem::path base =
        given != nullptr ? given : std::filesystem::read_symlink("/proc/self/exe").parent_path();
    std::string pattern = (base / "data-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder under " + base.string());
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;  // a folder left behind harms nobody
    std::filesystem::remove_all(path_, ignored);
}

double setting(const char* name, double fallback) {
    const char* text = ::getenv(name);
    return text == nullptr ? fallback : std::stod(text);
}

std::string payload(std::size_t bytes) {
    std::string text = R"({"contact":"C-1041","number":"INV-20417","date":"2026-01-31","lines":[)";
    for (int line = 0; text.size() + 96 < bytes; ++line) {
        text += R"({"description":"Hours, week )" + std::to_string(line) + R"(","quantity":7.5,"unit_price":85.25},)";
    }
    text.back() = ']';
    text += R"(,"memo":")";
    text.append(bytes - text.size() - 2, 'm');
    return text + "\"}";
}

}  // namespace spillway::bench
