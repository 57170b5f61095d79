#pragma once
// SQLite's own file layer with one addition: it counts the syncs. A durable figure without its syncs is void.

#include <cstdint>

namespace spillway::bench {

/// The name to open databases by. Registered at the first call; for the life of the process.
const char* counting_vfs();

/// Syncs of files that were opened through counting_vfs(), since the start of the process.
std::int64_t syncs();

}  // namespace spillway::bench
