#include "connectors/xero/words.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "schema/sha256.hpp"

namespace spillway::xero {
namespace {

constexpr std::array<Entity, 6> kEntities{{{kContacts, "ContactID", "ContactNumber", false},
                                           {kItems, "ItemID", "Code", true},
                                           {kInvoices, "InvoiceID", "InvoiceNumber", true},
                                           {kCreditNotes, "CreditNoteID", "CreditNoteNumber", true},
                                           {kPayments, "PaymentID", "Reference", false},
                                           {kAllocations, "AllocationID", "", false}}};

}  // namespace

const Entity* entity_of(std::string_view name) {
    const auto found =
        std::find_if(kEntities.begin(), kEntities.end(), [&](const Entity& e) { return e.name == name; });
    return found == kEntities.end() ? nullptr : &*found;
}

bool is_no_id(std::string_view id) {
    return std::all_of(id.begin(), id.end(), [](char c) { return c == '0' || c == '-'; });
}

std::optional<Date> date_in(const JsonValue& element, std::string_view name) {
    std::string_view text = element[std::string(name) + "String"].text();
    if (text.empty()) text = element[name].text();
    constexpr std::string_view kInstant = "/Date(";
    if (text.starts_with(kInstant)) {
        std::int64_t ms = 0;
        const char* first = text.data() + kInstant.size();
        if (std::from_chars(first, text.data() + text.size(), ms).ec != std::errc{}) return std::nullopt;
        return Date{std::chrono::floor<std::chrono::days>(from_ms(ms))};
    }
    const Result<Date> date = Date::parse(text.substr(0, 10));
    return date ? std::optional(*date) : std::nullopt;
}

bool is_live(const JsonValue& element) {
    for (const char* member : {"Status", "ContactStatus"})
        for (const char* word : {"VOIDED", "DELETED", "ARCHIVED", "GDPRREQUEST"})
            if (element[member].text() == word) return false;
    return true;
}

bool fits_where(std::string_view text) {
    return !text.empty() && text.find_first_of("\"\\\r\n\t") == std::string_view::npos;
}

std::string mark_of(std::initializer_list<std::string_view> words) {
    std::string all;
    for (const std::string_view word : words) all.append(word).push_back('\n');
    return "SW-" + sha256_hex(all).substr(0, 12);
}

bool has_mark(std::string_view reference, std::string_view mark) {
    return !mark.empty() && reference.starts_with(mark) &&
           (reference.size() == mark.size() || reference[mark.size()] == ' ');
}

}  // namespace spillway::xero
