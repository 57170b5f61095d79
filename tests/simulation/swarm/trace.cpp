#include "tests/simulation/swarm/trace.hpp"

#include <cstring>

namespace spillway::test {

/// Eight bytes at a time: bodies are long, and the hash only has to tell two runs apart.
void Trace::mix(std::string_view bytes) {
    while (bytes.size() >= 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data(), 8);
        hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15ULL;
        hash_ ^= hash_ >> 29;
        bytes.remove_prefix(8);
    }
    for (const char byte : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(byte)) * 1099511628211ULL;
}

void Trace::line(SteadyTime at, std::string_view what, std::string_view text, std::string_view more) {
    constexpr std::size_t kShown = 400;
    const auto ms = at.time_since_epoch().count();
    std::string out = std::to_string(ms / 1000) + "." + std::to_string(1000 + ms % 1000).substr(1) + " ";
    out.append(what).append(" ").append(text.substr(0, kShown));
    if (!more.empty()) {
        // Around the word that was asked for: a batch is long.
        const auto place = word_.empty() ? 0 : more.find(word_);
        const auto from = place == std::string_view::npos || place < 150 ? 0 : place - 150;
        out.append(" | ").append(more.substr(from, kShown));
    }
    lines_.push_back(std::move(out));
}

void Trace::add(SteadyTime at, std::string_view what, std::string_view text, std::string_view more) {
    const auto ms = at.time_since_epoch().count();
    mix({reinterpret_cast<const char*>(&ms), sizeof ms});
    mix(what);
    mix(text);
    mix(more);
    if (!keeps_) return;
    const bool concerns =
        word_.empty() || text.find(word_) != std::string_view::npos || more.find(word_) != std::string_view::npos;
    if (concerns) line(at, what, text, more);
}

void Trace::note(SteadyTime at, std::string_view what, std::string_view text) {
    const auto ms = at.time_since_epoch().count();
    mix({reinterpret_cast<const char*>(&ms), sizeof ms});
    mix(what);
    mix(text);
    if (keeps_) line(at, what, text, {});
}

void Trace::logged(std::string_view text) {
    if (!keeps_) return;
    const bool grave = text.find(R"("level":"info")") == std::string_view::npos;
    if (grave || word_.empty() || text.find(word_) != std::string_view::npos)
        lines_.push_back("  log " + std::string(text));
}

}  // namespace spillway::test
