#pragma once
// Progress on the error stream: lines that redraw themselves on a terminal, else a plain line now and then.

#include <iosfwd>
#include <string>
#include <vector>

#include "schema/clock.hpp"

namespace spillway::cli {

/// "[#########-----------]  45 %"
std::string bar(std::int64_t done, std::int64_t total);
/// "2 min 05 s", "12 s"
std::string span_text(Millis span);

class Progress {
 public:
    Progress(std::ostream& err, bool tty) : err_(err), tty_(tty) {}

    /// Shows the lines; off a terminal only every ten seconds of `now`, or when `important` changed.
    void show(const std::vector<std::string>& lines, SteadyTime now, const std::string& important = {});
    /// A line that stays, above the ones that move.
    void note(const std::string& line);

 private:
    void clear();

    std::ostream& err_;
    bool tty_;
    std::size_t drawn_ = 0;
    std::vector<std::string> lines_;
    std::string important_;
    std::optional<SteadyTime> last_;
};

}  // namespace spillway::cli
