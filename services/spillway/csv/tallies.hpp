#pragma once
// Counts what each rule met. Lines of one document come one after the other, so that a document is counted once.

#include "services/spillway/csv/import.hpp"

namespace spillway::csv {

class Tallies {
 public:
    /// A line of document number `document` (in any numbering) under a rule.
    void count(std::string_view rule, std::size_t document, Decimal amount);
    /// A line that does not make its document count.
    void count_line(std::string_view rule, Decimal amount);
    void count_document(std::string_view rule);

    /// In the order of first use.
    [[nodiscard]] std::vector<RuleTally> take() &&;

 private:
    struct Entry {
        RuleTally tally;
        std::optional<std::size_t> last_document;
    };
    Entry& entry(std::string_view rule);
    std::vector<Entry> entries_;
};

}  // namespace spillway::csv
