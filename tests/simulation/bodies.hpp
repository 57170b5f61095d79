#pragma once
// Small records to submit, as JSON texts.

#include <string>
#include <vector>

namespace spillway::test {

/// JSON of a small invoice or credit note over one item line, amounts none. `total` as decimal text.
std::string a_document(const std::string& contact, const std::string& number, const std::string& item,
                       const std::string& total);
struct Applied {
    std::string invoice, amount;
};
std::string a_credit_note(const std::string& contact, const std::string& number, const std::string& item,
                          const std::string& total, const std::vector<Applied>& applied);
std::string a_payment(const std::string& contact, const std::string& amount, const std::vector<Applied>& applied);
/// The same body with the caller's own version.
std::string with_source_version(const std::string& body, int version);
std::string a_contact(const std::string& name);
std::string an_item(const std::string& code);

}  // namespace spillway::test
