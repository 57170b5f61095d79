#pragma once
// Every transition of the queue, each with what must be there before it.

#include "tests/crash/player.hpp"

namespace spillway::queue::test {

struct Transition {
    std::string name;
    std::function<void(Player&)> before;
    std::function<bool(Player&)> act;
    bool is_commit = true;  ///< a commit: it can be refused and tried again
};

std::vector<Transition> all_transitions();

}  // namespace spillway::queue::test
