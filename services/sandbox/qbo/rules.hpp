#pragma once
// The checks of one write: what a request may hold, what it must refer to, and what the books make of it. Each throws
// Refused before anything is changed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/json_value.hpp"
#include "services/sandbox/qbo/books.hpp"
#include "services/sandbox/qbo/settings.hpp"

namespace spillway::sandbox::qbo {

/// Where and when a request plays.
struct Scene {
    Company& company;
    const Settings& settings;
    WallTime now;
};

/// One write, as sent.
struct WriteRequest {
    const KindInfo& kind;
    std::string operation{};  ///< create | update | delete | void
    bool include_void = false;
    bool allow_duplicate_number = false;
    const JsonValue& body;
};

/// The old object (or a new one) with the request's properties put in: sparse keeps what is left out, full drops it.
Object merge_fields(const KindInfo& kind, const JsonValue& body, const Object* old);

/// The id in a reference property of the draft; 0 when it has none. Refuses (2500) what is no id.
std::int64_t reference_id(const Object& draft, std::string_view property);
/// The active object that a reference property names; nothing when the draft has none. Errors: 2500.
const Object* resolve(const Scene& scene, const Object& draft, std::string_view property, Kind kind);
/// {"value":"1","name":"..."}
std::string reference_json(std::string_view id, std::string_view name);

/// Fills in CurrencyRef and checks it. Errors: 2220 (not the home currency of a company without multi-currency, or not
/// a currency), 2020 (not given with multi-currency on), 6000 (not the customer's).
void settle_currency(const Scene& scene, Object& draft, const Object* customer);
/// Fills in TxnDate and refuses dates in the closed period (6210, or as the switch says).
void settle_date(const Scene& scene, Object& draft);
void check_period(const Scene& scene, Date date);

/// Customer, vendor, employee, item, account. Errors: 2020, 2040, 2170, 2500, 6240, 6430.
void check_named(const Scene& scene, Object& draft, const Object* old);
/// Invoice, credit memo: lines, tax, totals, number.
void check_document(const Scene& scene, Object& draft, const Object* old, const WriteRequest& request);
/// Payment: amounts and links against the documents' open amounts.
void check_payment(const Scene& scene, Object& draft, const Object* old, const JsonValue& body);

/// Takes a payment's lines off its documents' open amounts, or puts them back.
void link_documents(const Scene& scene, const Object& payment);
void unlink_documents(const Scene& scene, const Object& payment);

}  // namespace spillway::sandbox::qbo
