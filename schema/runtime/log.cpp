#include "schema/runtime/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "schema/json_text.hpp"

namespace spillway {
namespace {

std::atomic<LogLevel> g_level{LogLevel::info};
std::mutex g_sink_mutex;
LogSink g_sink;

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// Log lines are for people beside other logs, so they carry the machine's time even under a virtual clock.
std::string timestamp() {
    const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
    const auto whole = std::chrono::floor<std::chrono::seconds>(now);
    const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    char millis[8];
    std::snprintf(millis, sizeof millis, ".%03dZ", static_cast<int>((now - whole).count() % 1000));
    return std::string(text, length) + millis;
}

void write_to_stderr(std::string line) {
    line.push_back('\n');
    std::string_view rest = line;
    while (!rest.empty()) {
        const auto written = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (written <= 0) return;  // a log that cannot be written must not stop the service
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

std::string_view to_string(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warn: return "warn";
        case LogLevel::error: return "error";
    }
    return "error";
}

std::optional<LogLevel> log_level_from(std::string_view word) {
    for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error})
        if (to_string(level) == word) return level;
    return std::nullopt;
}

LogField::LogField(std::string_view name, std::string_view text) : name_(name), json_(json_string(text)) {}

void log_event(LogLevel level, std::string_view event, LogFields fields) {
    if (level < g_level.load(std::memory_order_relaxed)) return;
    std::string line = R"({"ts":")" + timestamp() + R"(","level":")";
    line += to_string(level);
    line += R"(","event":)" + json_string(event);
    for (const auto& field : fields) {
        line += ',' + json_string(field.name()) + ':';
        line += field.json();
    }
    line.push_back('}');
    const std::lock_guard lock(g_sink_mutex);
    if (g_sink)
        g_sink(line);
    else
        write_to_stderr(std::move(line));
}

void set_log_level(LogLevel level) { g_level.store(level, std::memory_order_relaxed); }

LogSink set_log_sink(LogSink sink) {
    const std::lock_guard lock(g_sink_mutex);
    return std::exchange(g_sink, std::move(sink));
}

std::optional<std::uint64_t> LogLimiter::permit(SteadyTime now) {
    if (last_ && now - *last_ < every_) {
        ++suppressed_;
        return std::nullopt;
    }
    last_ = now;
    return std::exchange(suppressed_, 0);
}

}  // namespace spillway
