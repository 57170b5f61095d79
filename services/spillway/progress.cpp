#include "services/spillway/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace spillway::cli {
namespace {

constexpr std::int64_t kBarWidth = 24;
constexpr Millis kPlainEvery{10'000};

}  // namespace

std::string bar(std::int64_t done, std::int64_t total) {
    const std::int64_t share = total <= 0 ? 100 : std::clamp<std::int64_t>(done * 100 / total, 0, 100);
    const auto filled = static_cast<std::size_t>(share * kBarWidth / 100);
    return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "] " + fmt::format("{:>3} %", share);
}

std::string span_text(Millis span) {
    const auto seconds = span.count() / 1000;
    if (seconds < 60) return fmt::format("{} s", seconds);
    return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
}

void Progress::show(const std::vector<std::string>& lines, SteadyTime now, const std::string& important) {
    if (tty_) {
        clear();
        for (const std::string& line : lines) err_ << line << "\n";
        drawn_ = lines.size();
    } else if (!last_ || now - *last_ >= kPlainEvery || important != important_) {
        for (const std::string& line : lines) err_ << line << "\n";
        last_ = now;
    }
    lines_ = lines;
    important_ = important;
    err_.flush();
}

void Progress::note(const std::string& line) {
    if (tty_) clear();
    err_ << line << "\n";
    if (tty_) {
        for (const std::string& moving : lines_) err_ << moving << "\n";
        drawn_ = lines_.size();
    }
    err_.flush();
}

void Progress::clear() {
    for (; drawn_ > 0; --drawn_) err_ << "\x1b[1A\x1b[2K";
}

}  // namespace spillway::cli
