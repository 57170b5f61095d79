// spillway: the command line of the service.

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "services/spillway/run.hpp"

int main(int argc, char** argv) {
    spillway::cli::Terminal terminal{std::cout, std::cerr, ::isatty(STDERR_FILENO) == 1,
                                     [](const std::string& name) -> std::optional<std::string> {
                                         const char* value = std::getenv(name.c_str());
                                         if (value == nullptr || *value == '\0') return std::nullopt;
                                         return std::string(value);
                                     }};
    return spillway::cli::run(std::vector<std::string>(argv + 1, argv + argc), terminal);
}
