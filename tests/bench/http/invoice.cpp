#include "tests/bench/http/invoice.hpp"

#include <fmt/format.h>

namespace spillway::bench {

std::string invoice_id(std::int64_t number) { return fmt::format("INV-{:08}", number); }
std::string contact_id(std::int64_t number) { return fmt::format("C-{:04}", number % kContacts); }

std::string invoice_json(std::int64_t number) {
    std::string lines;
    for (const char* what : {"Integration work on site", "Support outside office hours", "Review of the month end",
                             "Training of two people"}) {
        if (!lines.empty()) lines += ",";
        lines +=
            fmt::format(R"({{"description":"{}, week {}, as agreed","quantity":8,"unit_price":85.25,"amount":682.00,)"
                        R"("account":"sales","tax_code":"standard","tax":136.40}})",
                        what, number % 52 + 1);
    }
    return fmt::format(
        R"({{"contact":"{}","number":"{}","date":"2026-01-31","due_date":"2026-03-02","currency":"GBP",)"
        R"("amounts":"exclusive","lines":[{}],"tax_total":545.60,"total":3273.60,"reference":"PO-{:07}",)"
        R"("memo":"Payable within 30 days to the account on the back of this page. Please quote the number of the )"
        R"(invoice. Interest is charged after the due date."}})",
        contact_id(number), invoice_id(number), lines, number);
}

std::string contact_json(std::int64_t number) {
    return fmt::format(R"({{"name":"Customer {:04} Ltd","customer":true,"email":"accounts{}@example.com"}})",
                       number % kContacts, number % kContacts);
}

}  // namespace spillway::bench
