#pragma once
// A state folder as a daemon has it in its second month: a partner, an active connection, its contacts in the books.

#include <string>

namespace spillway::bench {

constexpr const char* kConnection = "con_bench";

/// Makes `<state>/spillway.db`. `posting` as in store/connections.hpp.
void make_books(const std::string& state, const std::string& posting);

}  // namespace spillway::bench
