#pragma once
// What happened, in order: hashed always, so that two runs can be compared; kept only when somebody wants to read it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::test {

class Trace {
 public:
    /// Keeps lines that contain `word` (and those that concern everybody) for reading.
    void keep(std::string word) {
        keeps_ = true;
        word_ = std::move(word);
    }
    /// `text` is hashed as it is.
    void add(SteadyTime at, std::string_view what, std::string_view text, std::string_view more = {});
    /// Of the whole world: crashes, faults. Always kept.
    void note(SteadyTime at, std::string_view what, std::string_view text = {});

    /// A line of the log: for reading, never hashed, since it names the time of day.
    void logged(std::string_view text);

    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
    void mix(std::string_view bytes);
    void line(SteadyTime at, std::string_view what, std::string_view text, std::string_view more);

    std::uint64_t hash_ = 14695981039346656037ULL;
    bool keeps_ = false;
    std::string word_;
    std::vector<std::string> lines_;
};

}  // namespace spillway::test
