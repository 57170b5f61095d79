#pragma once
// The process that is killed: a store on disk with its real threads, under random operations on several lanes. It says
// what it does on standard output, a line each, and stops when its standard input ends.

#include <string>
#include <vector>

#include "tests/crash/judge.hpp"

namespace spillway::queue::test {

struct WorkerOptions {
    std::string path;
    std::uint64_t seed = 1;
    std::int64_t now_ms = 0;
    int lanes = 6;
    std::string defect = "none";
};

std::vector<std::string> to_arguments(const WorkerOptions& options);
/// main() of the process. @return its exit code.
int work(const std::vector<std::string>& arguments);

/// main() of the process that repairs a store.
int mend(const std::string& path);

/// Gives one of the worker's lines to the judge. @return false when it is the line that says: closed.
bool hear(Judge& judge, const std::string& line);

}  // namespace spillway::queue::test
