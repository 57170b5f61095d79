#pragma once
// Xero's words for things, and its sizes.

#include <chrono>
#include <string>
#include <string_view>

#include "connectors/provider.hpp"
#include "schema/json_value.hpp"

namespace spillway::xero {

inline constexpr std::string_view kApi = "/api.xro/2.0/";

inline constexpr std::string_view kContacts = "Contacts", kItems = "Items", kInvoices = "Invoices",
                                  kCreditNotes = "CreditNotes", kPayments = "Payments", kAllocations = "Allocations";

// Roles of links.
inline constexpr std::string_view kContactRole = "contact", kItemRole = "item", kDocumentRole = "document",
                                  kPaymentRole = "payment:", kAllocationRole = "allocation:";

/// What tells an entity's elements apart.
struct Entity {
    std::string_view name;
    std::string_view id;      ///< member with Xero's id
    std::string_view marker;  ///< member that a look-up searches for
    bool prices;              ///< takes unitdp=4 (OpenAPI), without which prices come back with two places
};
/// Null for a word that is none of ours.
const Entity* entity_of(std::string_view name);

// OpenAPI: maxLength of the members.
inline constexpr std::size_t kContactNumberMax = 50, kItemCodeMax = 30, kItemNameMax = 50, kPhoneMax = 50,
                             kTaxNumberMax = 50;
/// docs: InvoiceNumber 255; that a credit note's number takes as many, and a Reference, is assumed.
inline constexpr std::size_t kDocumentNumberMax = 255, kReferenceMax = 255;
/// Undocumented; clients stay under 118.
inline constexpr std::size_t kPaymentReferenceMax = 100;

/// docs "API limits": about 50 elements a request are advised, and less than 3.5 MB.
inline constexpr std::size_t kElementsMax = 50, kBodyBytesMax = 3'400'000;
/// Lists of more than about 52 ids answer 404 because the address is too long (seen by several clients): stay well
/// below.
inline constexpr std::size_t kIdsMax = 40, kTargetMax = 2'000;
/// docs: a page holds 1..1,000 rows.
inline constexpr int kPageRows = 200, kPageRowsMax = 1'000;

/// docs: an organisation that is offline comes back within minutes, try again after about five.
inline constexpr std::chrono::seconds kOfflineWait{300};

/// The id of what was not created: all zeros.
bool is_no_id(std::string_view id);

/// The plain date of `name` in an element: from "<name>String", from "2010-12-01..." or from
/// "/Date(1291161600000+0000)/", which is midnight UTC of the calendar day.
std::optional<Date> date_in(const JsonValue& element, std::string_view name);

/// Whether an element is neither voided, deleted nor archived.
bool is_live(const JsonValue& element);

/// A word that may stand between quotes in a `where` expression: without quotes and backslashes, which would change it.
bool fits_where(std::string_view text);

/// "SW-" and 12 hexadecimal digits that stand for these words: a mark of ours where Xero has no field for an external
/// id.
std::string mark_of(std::initializer_list<std::string_view> words);
/// Whether a payment's Reference begins with that mark.
bool has_mark(std::string_view reference, std::string_view mark);

}  // namespace spillway::xero
