#pragma once
// Logs: one JSON object a line to stderr: ts, level, event, then the fields given. `event` is a constant word that the
// runbook indexes. Safe from every thread; a line is written by one call, so lines never mix.

#include <concepts>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "schema/clock.hpp"
#include "schema/runtime/secret.hpp"

namespace spillway {

enum class LogLevel { debug, info, warn, error };

std::string_view to_string(LogLevel level);
/// The inverse of to_string; nothing for an unknown word.
std::optional<LogLevel> log_level_from(std::string_view word);

/// One member of a log line. Text is escaped, and bytes that are not UTF-8 are replaced, so a line is always valid
/// JSON.
class LogField {
 public:
    LogField(std::string_view name, std::string_view text);
    LogField(std::string_view name, const std::string& text) : LogField(name, std::string_view(text)) {}
    LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
    LogField(std::string_view name, const Secret&) : LogField(name, std::string_view(kSecretMask)) {}
    LogField(std::string_view name, bool value) : name_(name), json_(value ? "true" : "false") {}
    /// Name it `..._ms`.
    LogField(std::string_view name, Millis span) : name_(name), json_(std::to_string(span.count())) {}
    template <std::integral T>
    LogField(std::string_view name, T value) : name_(name), json_(std::to_string(value)) {}

    [[nodiscard]] std::string_view name() const { return name_; }
    [[nodiscard]] std::string_view json() const { return json_; }

 private:
    std::string_view name_;
    std::string json_;
};

using LogFields = std::initializer_list<LogField>;

/// Writes one line if `level` is at or above the set level. `event` is snake_case and constant.
void log_event(LogLevel level, std::string_view event, LogFields fields = {});
inline void log_debug(std::string_view event, LogFields fields = {}) { log_event(LogLevel::debug, event, fields); }
inline void log_info(std::string_view event, LogFields fields = {}) { log_event(LogLevel::info, event, fields); }
inline void log_warn(std::string_view event, LogFields fields = {}) { log_event(LogLevel::warn, event, fields); }
inline void log_error(std::string_view event, LogFields fields = {}) { log_event(LogLevel::error, event, fields); }

/// Lines under `level` are dropped; `info` until set.
void set_log_level(LogLevel level);
/// Sends lines (without the newline) elsewhere; an empty function means stderr again. @return what was set before.
using LogSink = std::function<void(std::string_view line)>;
LogSink set_log_sink(LogSink sink);

/// For lines that could repeat thousands of times: lets one through per span and counts the rest.
/// One owner, one thread.
class LogLimiter {
 public:
    explicit LogLimiter(Millis every) : every_(every) {}
    /// @return nothing while quiet; else how many were held back since the last one let through.
    [[nodiscard]] std::optional<std::uint64_t> permit(SteadyTime now);

 private:
    Millis every_;
    std::optional<SteadyTime> last_{};
    std::uint64_t suppressed_ = 0;
};

}  // namespace spillway
