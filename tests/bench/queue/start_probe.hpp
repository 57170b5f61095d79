#pragma once

#include <string>

namespace spillway::bench {

struct StartProbe {
    double seconds = 0;  ///< from before the opening to the first claim
    double memory_mib = 0;
};

/// Opens the store, claims one job and prints both. @return the exit status.
int print_start_probe(const std::string& path);

}  // namespace spillway::bench
