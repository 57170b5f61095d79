#pragma once
// Randomness is a port: ids and keys come from the machine's generator in production, from a seed in tests.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace spillway {

class Random {
 public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;

    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// 128 random bits as 32 lower-case hexadecimal digits: idempotency keys, ids.
    std::string hex128();
};

/// Cryptographically strong, from OpenSSL, drawn a few at a time: one draw costs as much as many. Safe to use from one
/// thread at a time.
class SystemRandom final : public Random {
 public:
    std::uint64_t next() override;

 private:
    std::array<std::uint64_t, 32> drawn_{};  // those still to be given out stand at the front
    std::size_t left_ = 0;
};

/// SplitMix64: the same seed gives the same sequence on every machine. Never for keys in production.
class SeededRandom final : public Random {
 public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

 private:
    std::uint64_t state_;
};

}  // namespace spillway
