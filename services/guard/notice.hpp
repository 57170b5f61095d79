#pragma once
// What people must know.

#include <string>

namespace spillway::guard {

struct Notice {
    enum class Level { alert, page };
    Level level = Level::alert;
    std::string code;  ///< a stable word
    std::string detail;
};

inline const char* to_string(Notice::Level level) { return level == Notice::Level::page ? "page" : "alert"; }

}  // namespace spillway::guard
