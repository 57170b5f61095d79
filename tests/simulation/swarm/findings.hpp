#pragma once
// What a run found: rules that were broken, and rare situations that it met.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::test {

struct Broken {
    std::string rule;    ///< a constant word: "lost", "twice", "limit" ...
    std::string record;  ///< what it concerns, as it appears in the trace; may be empty
    std::string detail;
};

/// Collected over one run. The first broken rule matters most; more than a few add nothing.
class Findings {
 public:
    void broken(std::string rule, std::string record, std::string detail) {
        if (broken_.size() < kMost) broken_.push_back({std::move(rule), std::move(record), std::move(detail)});
    }
    /// A rare situation was met. Every name is in marks.hpp.
    void met(std::string_view mark, std::uint64_t times = 1) {
        if (times > 0) marks_[std::string(mark)] += times;
    }

    [[nodiscard]] const std::vector<Broken>& all() const { return broken_; }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& marks() const { return marks_; }

 private:
    static constexpr std::size_t kMost = 20;
    std::vector<Broken> broken_;
    std::map<std::string, std::uint64_t> marks_;
};

}  // namespace spillway::test
