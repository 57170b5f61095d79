#pragma once
// The books of one Xero organisation as plain rows with indexes. Rules live in contacts.cpp, documents.cpp ...

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/clock.hpp"
#include "schema/date.hpp"
#include "schema/decimal.hpp"
#include "schema/random.hpp"
#include "services/sandbox/xero/table.hpp"

namespace spillway::sandbox::xero {

/// Members that every row has.
struct Row {
    std::string id;
    WallTime created{}, updated{};
};

struct Account : Row {
    std::string code, name, type, account_class, tax_type, system_account, currency, bank_number, description;
    std::string status = "ACTIVE";
    bool payments = false;  ///< EnablePaymentsToAccount
};

struct TaxRate {
    std::string tax_type, name, report_type;
    Decimal percent;
    bool to_expenses = true, to_revenue = true;
};

struct Contact : Row {
    std::string name, number, account_number;
    std::string status = "ACTIVE";
    bool customer = false, supplier = false;
    /// Further members as they were sent, as JSON text: EmailAddress, Addresses, Phones ...
    std::vector<std::pair<std::string, std::string>> extras;
};

struct PriceSide {
    std::optional<Decimal> unit_price;
    std::string account_code, tax_type;
};

struct Item : Row {
    std::string code, name, description, purchase_description;
    bool sold = true, purchased = true;
    PriceSide sales, purchase;
};

struct Line {
    std::string id, description, item_code, account_code, tax_type;
    std::optional<Decimal> quantity, unit_amount, discount_rate, discount_amount;
    Decimal amount, tax;
    bool tax_stated = false;
    std::string tracking = "[]";  ///< JSON text as sent
};

/// Invoices, bills and credit notes.
struct Document : Row {
    bool credit_note = false;
    std::string type;  ///< ACCREC, ACCPAY, ACCRECCREDIT, ACCPAYCREDIT
    std::string number, reference, contact_id, status, currency, url, branding_theme;
    std::string amount_types = "Exclusive";
    Date date;
    std::optional<Date> due, paid_on;
    Decimal rate{1, 0}, sub_total, tax_total, total;
    Decimal paid, credited;  ///< for a credit note: refunded, and allocated
    bool sent = false;
    std::vector<Line> lines;

    [[nodiscard]] bool sales() const { return type.starts_with("ACCREC"); }
    /// AmountDue of an invoice, RemainingCredit of a credit note.
    [[nodiscard]] Decimal outstanding() const { return total - paid - credited; }
    [[nodiscard]] bool settled_in_part() const { return !paid.is_zero() || !credited.is_zero(); }
};

struct Payment : Row {
    std::string document_id, account_id, reference;
    std::string status = "AUTHORISED";
    Date date;
    Decimal amount;
};

struct Allocation : Row {
    std::string credit_note_id, invoice_id;
    Date date;
    Decimal amount;
};

struct Organisation {
    std::string id, name, short_code, country, currency, tax_number, timezone;
    std::optional<Date> period_lock, year_end_lock;
    std::vector<std::string> currencies;
    bool online = true;
    WallTime created{};
};

/// Lower case of ASCII letters: names and codes compare without regard to case (assumed for codes).
std::string folded(std::string_view text);

struct Books {
    explicit Books(Organisation organisation);
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;

    UndoLog undo;
    Organisation organisation;
    std::vector<TaxRate> tax_rates;
    Table<Account> accounts;        ///< keys code:, name:
    Table<Contact> contacts;        ///< keys name: (folded), number:, account:
    Table<Item> items;              ///< keys code: (folded)
    Table<Document> documents;      ///< keys invoice:<number>, bill:<number>, credit:<number>, contact:<id>
    Table<Payment> payments;        ///< keys document:<id>
    Table<Allocation> allocations;  ///< keys document:<id> of both sides
    int next_invoice = 1, next_credit = 1;

    [[nodiscard]] const Account* account_by_code(const std::string& code) const;
    [[nodiscard]] const TaxRate* tax_rate(std::string_view tax_type) const;
    /// The active contact of that name; nullptr where there is none.
    [[nodiscard]] const Contact* active_contact(std::string_view name) const;
    [[nodiscard]] const Contact* archived_contact(std::string_view name) const;
    [[nodiscard]] const Contact* contact_by_number(const std::string& number) const;
};

/// Ids that look like Xero's, the same for the same seed.
class Ids {
 public:
    explicit Ids(std::uint64_t seed) : random_(seed) {}
    std::string guid();
    std::string token(std::size_t words);
    [[nodiscard]] static std::string_view none() { return "00000000-0000-0000-0000-000000000000"; }

 private:
    SeededRandom random_;
};

/// A demo organisation with its chart of accounts and tax rates. Accounts get their ids from `ids`.
std::unique_ptr<Books> demo_company_uk(Ids& ids);
std::unique_ptr<Books> demo_company_us(Ids& ids);

}  // namespace spillway::sandbox::xero
