#include "schema/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace spillway {

void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr,
                 R"({"level":"fatal","event":"assertion_failed","what":"%s","file":"%s","line":%d})"
                 "\n",
                 what, file, line);
    std::abort();
}

}  // namespace spillway
