#pragma once
// Assertions state bugs and stay on in release builds. They never validate input.

namespace spillway {
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);
}

#define SPILLWAY_ASSERT(condition) \
    (static_cast<bool>(condition) ? void(0) : ::spillway::assertion_failed(#condition, __FILE__, __LINE__))
