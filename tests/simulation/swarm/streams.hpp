#pragma once
// Random streams by name, all from one seed: a draw more in one place does not shift the others.

#include <string_view>

#include "schema/random.hpp"

namespace spillway::test {

inline SeededRandom stream_of(std::uint64_t seed, std::string_view name) {
    for (const char letter : name) seed = SeededRandom(seed ^ static_cast<unsigned char>(letter)).next();
    return SeededRandom(seed);
}

/// True in `of_hundred` draws of a hundred.
inline bool chance(Random& random, std::uint64_t of_hundred) { return random.below(100) < of_hundred; }

}  // namespace spillway::test
