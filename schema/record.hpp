#pragma once
// The canonical records: what a platform submits, before any provider's shape. Plain values; reading and writing JSON
// is in record_json.hpp, the rules between fields in record_rules.hpp. External ids of other records (`contact`,
// `item`, `invoice`) are the caller's, within the same connection.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/date.hpp"
#include "schema/decimal.hpp"
#include "schema/money.hpp"

namespace spillway {

enum class RecordKind { contact, item, invoice, credit_note, payment };
std::string_view to_string(RecordKind kind);
std::optional<RecordKind> record_kind_from(std::string_view word);

struct Address {
    std::vector<std::string> lines;  ///< 0..4
    std::optional<std::string> city, region, postal_code;
    std::optional<std::string> country;  ///< ISO 3166-1 alpha-2
    bool operator==(const Address&) const = default;
};

struct Contact {
    std::string name;      ///< 1..255, unique in the books
    bool customer = true;  ///< at least one of customer and supplier
    bool supplier = false;
    std::optional<std::string> email, phone, tax_number;
    std::optional<Address> address;
    std::optional<Currency> currency;
    bool operator==(const Contact&) const = default;
};

struct Item {
    std::string code;  ///< the caller's stock code, as printed on documents
    std::string name;
    std::optional<std::string> description;
    std::optional<Decimal> unit_price;
    std::optional<std::string> account;   ///< the caller's word, mapped per connection; absent: the sales account
    std::optional<std::string> tax_code;  ///< the caller's word, mapped per connection; absent: the default
    bool operator==(const Item&) const = default;
};

/// How the lines' amounts stand to tax.
enum class Amounts { exclusive, inclusive, none };
std::string_view to_string(Amounts amounts);

struct Line {
    std::optional<std::string> item;  ///< external id of an item record
    std::string description;          ///< 1..4000
    Decimal quantity;                 ///< as given, up to 10 places; may be negative
    Decimal unit_price;               ///< as given, up to 10 places
    std::optional<Decimal>
        amount;  ///< authoritative when given; else quantity × unit_price rounded half away from zero
    std::optional<std::string> account, tax_code;  ///< the caller's words, mapped per connection
    std::optional<Decimal> tax;                    ///< stated tax of the line
    bool operator==(const Line&) const = default;
};

/// What an invoice and a credit note share. Amounts of a credit note are positive.
struct Document {
    std::string contact;  ///< external id of a contact record
    std::string number;   ///< the caller's document number; never replaced by one of ours
    Date date;
    std::optional<Date> due_date;  ///< invoices only
    Currency currency;
    Amounts amounts = Amounts::none;
    std::vector<Line> lines;  ///< 1..10,000
    Decimal tax_total;        ///< stated; zero where `amounts` is none
    Decimal total;            ///< stated, tax included, in the currency's minor unit
    std::optional<std::string> reference, memo;
    bool operator==(const Document&) const = default;
};

/// How much of a credit note or payment settles one invoice.
struct Application {
    std::string invoice;  ///< external id of an invoice record
    Decimal amount;       ///< positive
    bool operator==(const Application&) const = default;
};

struct Invoice {
    Document document;
    bool operator==(const Invoice&) const = default;
};

struct CreditNote {
    Document document;
    std::vector<Application> applies_to;  ///< may be empty: the credit stays open
    bool operator==(const CreditNote&) const = default;
};

struct Payment {
    std::string contact;  ///< external id of a contact record
    Date date;
    Currency currency;
    Decimal amount;                       ///< positive
    std::vector<Application> applies_to;  ///< sum at most `amount`
    std::optional<std::string> account;   ///< the caller's word for where the money went; absent: the clearing account
    std::optional<std::string> reference;
    bool operator==(const Payment&) const = default;
};

using RecordBody = std::variant<Contact, Item, Invoice, CreditNote, Payment>;  // in the order of RecordKind

struct Record {
    RecordBody body;
    /// The caller's own version, where given: decides which of two submissions is newer.
    std::optional<std::int64_t> source_version;

    [[nodiscard]] RecordKind kind() const { return static_cast<RecordKind>(body.index()); }
    bool operator==(const Record&) const = default;
};

/// The document inside an invoice or credit note; null for other kinds.
const Document* document_of(const Record& record);

/// Another record that this one names and that must be in the books before it.
struct Reference {
    RecordKind kind;
    std::string external_id;
    auto operator<=>(const Reference&) const = default;
};
/// Every record that this one refers to, each once, in a stable order.
std::vector<Reference> references_of(const Record& record);

// Reference data: read from the provider, never written.

struct Account {
    std::string id;    ///< the provider's id
    std::string code;  ///< how documents name it (Xero: Code, QBO: Id)
    std::string name;
    std::string type;  ///< the provider's word
    bool active = true;
    bool takes_sales = false;     ///< may stand on sales lines
    bool takes_payments = false;  ///< may receive payments
};

struct TaxRate {
    std::string code;  ///< how documents name it
    std::string name;
    Decimal percent;  ///< 20 for 20 %
    bool active = true;
    bool for_sales = true;
};

}  // namespace spillway
