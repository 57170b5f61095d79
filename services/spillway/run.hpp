#pragma once
// The command line: arguments in, exit code out.

#include <string>
#include <vector>

#include "services/spillway/session.hpp"

namespace spillway::cli {

/// Parses the arguments (without the program's name) and runs the command they name. Bad arguments are one line on
/// terminal.err and kBadUsage. Never throws.
int run(std::vector<std::string> arguments, Terminal& terminal);

}  // namespace spillway::cli
