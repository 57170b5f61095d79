#include "schema/random.hpp"

#include <openssl/rand.h>

#include <utility>

#include "schema/assert.hpp"

namespace spillway {

std::uint64_t Random::below(std::uint64_t bound) {
    SPILLWAY_ASSERT(bound > 0);
    // Values under `skip` would make the first residues likelier than the others.
    const std::uint64_t skip = (0 - bound) % bound;
    std::uint64_t value = next();
    while (value < skip) value = next();
    return value % bound;
}

std::string Random::hex128() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(32);
    for (int half = 0; half < 2; ++half) {
        std::uint64_t bits = next();
        for (int digit = 0; digit < 16; ++digit, bits >>= 4) text.push_back(kDigits[bits & 15]);
    }
    return text;
}

std::uint64_t SystemRandom::next() {
    if (left_ == 0) {
        const int got = RAND_bytes(reinterpret_cast<unsigned char*>(drawn_.data()), sizeof drawn_);
        SPILLWAY_ASSERT(got == 1);
        left_ = drawn_.size();
    }
    return std::exchange(drawn_[--left_], 0);  // what was given out stays nowhere
}

std::uint64_t SeededRandom::next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

}  // namespace spillway
