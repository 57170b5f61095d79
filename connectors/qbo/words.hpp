#pragma once
// QuickBooks Online's words: entities, paths, queries, and the marks by which we know our own objects again.

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/provider.hpp"

namespace spillway::qbo {

inline constexpr std::string_view kCustomer = "Customer", kVendor = "Vendor", kEmployee = "Employee", kItem = "Item";
inline constexpr std::string_view kInvoice = "Invoice", kCreditMemo = "CreditMemo", kPayment = "Payment";

// Roles of the objects that a record is.
inline constexpr std::string_view kCustomerRole = "customer", kVendorRole = "vendor", kItemRole = "item";
inline constexpr std::string_view kDocumentRole = "document", kPaymentRole = "payment";
inline constexpr std::string_view kAllocationPrefix = "allocation:";

/// Longest DocNumber and PaymentRefNum (developer.intuit.com, API reference of Invoice and Payment).
inline constexpr std::size_t kNumberMax = 21;
/// Longest values of one IN (...) list; assumed, the provider names no limit.
inline constexpr std::size_t kQueryValuesMax = 30;
/// Versions before 75 are no longer supported; 75 applies whatever is asked (Intuit's blog, 2025-01-21).
inline constexpr std::string_view kMinorVersion = "75";

/// A name list entity (customer, vendor, employee, item): no void or delete, only Active=false.
bool is_name_list(std::string_view entity);
/// Where the marker of an entity's objects lives: DocNumber, PaymentRefNum, DisplayName or Name.
std::string_view marker_field(std::string_view entity);
/// The entity's word in paths: its name in lower case.
std::string path_word(std::string_view entity);
std::string company_path(std::string_view tenant);

/// The note that ties a transaction to the caller's record: "[spillway:INV-1]". Brackets and '%' in the id are
/// percent-encoded.
std::string tag_of(std::string_view external_id);
/// A payment's look-up marker in PaymentRefNum: "SP" and 18 letters or digits of a hash (90 bits). The version is part
/// of it, so that a payment written anew is never taken for the one that it replaces.
std::string payment_marker(const Subject& subject, std::string_view role);

/// A literal of the query language, quotes included; ' and \ are escaped.
std::string query_literal(std::string_view value);
PreparedCall query_call(std::string_view tenant, std::string_view entity, std::string_view statement);

/// The record's link of that role; null when there is none.
const Link* link_of(const Subject& subject, std::string_view role);
/// The link of a record that this one names; null when it is not in the books.
const Link* referent_link(const Subject& subject, const Reference& reference, std::string_view role);

/// Letters A-Z taken for a-z: QBO's names are compared without regard to case (assumed).
bool same_name(std::string_view a, std::string_view b);

}  // namespace spillway::qbo
