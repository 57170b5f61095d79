#pragma once
// The items of a file: each code once, named by the description that its lines carry most often.

#include <map>
#include <string>
#include <vector>

#include "services/spillway/csv/import.hpp"
#include "services/spillway/csv/lines.hpp"

namespace spillway::csv {

class Catalogue {
 public:
    void see(const SourceLine& line);
    /// The most frequent description (the first seen of equals), or the code where there is none.
    [[nodiscard]] std::string description_of(const std::string& code) const;
    /// That, as a name that both providers take.
    [[nodiscard]] std::string name_of(const std::string& code) const;
    /// In the order of first sight.
    [[nodiscard]] std::vector<NamedRecord> records() const;

 private:
    struct Wording {
        std::string text;
        std::size_t lines = 0;
    };
    std::vector<std::string> order_;
    std::map<std::string, std::vector<Wording>> items_;
};

}  // namespace spillway::csv
