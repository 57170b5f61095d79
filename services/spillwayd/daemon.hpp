#pragma once
// The composition root: builds every part in dependency order, runs until asked to stop, and takes them down in
// reverse.

#include "services/spillwayd/config.hpp"

namespace spillway::daemon {

/// Runs the service. Prints {"event":"ready","port":N} on stdout once it listens.
/// @return the exit code: 0 after a stop that was asked for, 1 when the store failed and a restart is needed, 2 when it
/// could not start (one line on stderr says why).
int run(const Config& config);

}  // namespace spillway::daemon
