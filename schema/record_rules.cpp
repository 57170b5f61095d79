#include "schema/record_rules.hpp"

#include <set>

#include "schema/json_value.hpp"
#include "schema/record_shape.hpp"

namespace spillway {
namespace {

/// Quantities and prices stay below ten thousand million, so that they can be rounded to 8 places without overflow.
constexpr Decimal kFactorLimit{10'000'000'000, 0};

/// See kAmountUnitsMax: the largest amount in minor units, two places below which sums still fit.
constexpr std::int64_t kMinorUnitsMax = kAmountUnitsMax / 100;

bool amount_fits(Decimal amount, int places) { return amount.abs() <= Decimal(kMinorUnitsMax, places); }

/// The first broken rule of a record; later ones are not looked at.
class Checker {
 public:
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    void fail(std::string pointer, std::string code, std::string detail) {
        if (!error_) error_ = invalid(std::move(code), std::move(detail), std::move(pointer));
    }
    void require(bool holds, std::string_view pointer, const char* code, const char* detail) {
        if (!holds) fail(std::string(pointer), code, detail);
    }
    Result<void> result() && {
        if (error_) return *std::move(error_);
        return success();
    }

    /// An amount is a number of minor units within bounds.
    void amount(Decimal amount, const Currency& currency, const std::string& pointer) {
        const int places = currency.places();
        if (amount.shortest().scale() > places)
            fail(pointer, "too_many_places", currency.code + " has " + std::to_string(places) + " decimal places");
        else if (!amount_fits(amount, places))
            fail(pointer, "amount_too_large", "beyond what a document may carry");
    }
    void factor(Decimal number, const std::string& pointer) {
        require(number.abs() < kFactorLimit, pointer, "decimal_too_large", "must be below 10,000,000,000");
    }

 private:
    std::optional<Error> error_;
};

void check_lines(Checker& check, const Document& document) {
    check.require(!document.lines.empty(), "/lines", "too_few_elements", "at least 1");
    check.require(document.lines.size() <= kLinesMax, "/lines", "too_many_elements", "at most 10000");
    for (std::size_t i = 0; i < document.lines.size() && !check.failed(); ++i) {
        const Line& line = document.lines[i];
        const std::string at = pointer_to("/lines", i);
        check.require(!line.description.empty(), at + "/description", "text_empty", "the text may not be empty");
        check.factor(line.quantity, at + "/quantity");
        check.factor(line.unit_price, at + "/unit_price");
        if (line.amount) check.amount(*line.amount, document.currency, at + "/amount");
        if (line.tax) check.amount(*line.tax, document.currency, at + "/tax");
        if (line.tax && document.amounts == Amounts::none)
            check.require(line.tax->is_zero(), at + "/tax", "tax_without_amounts", "no tax where amounts is none");
        const Result<Decimal> amount = line_amount(line, document.currency);
        if (!amount) check.fail(at, amount.error().code, amount.error().detail);
    }
}

/// A checked amount in the minor unit: as given it may have so many zeros that sums would not fit.
Decimal in_minor_unit(Decimal amount, const Currency& currency) {
    return amount.rounded(currency.places(), Rounding::half_away_from_zero);
}

/// Whether two totals differ by no more than rounding every line may have made.
bool agree(Decimal a, Decimal b, const Document& document) {
    const Decimal tolerance(static_cast<std::int64_t>(document.lines.size()), document.currency.places());
    return (a - b).abs() <= tolerance;
}

void check_line_taxes(Checker& check, const Document& document, Decimal stated) {
    Decimal tax;
    for (const Line& line : document.lines) {
        if (!line.tax) return;  // a document may state the tax of some lines only
        tax += in_minor_unit(*line.tax, document.currency);
    }
    if (!agree(stated, tax, document))
        check.fail("/tax_total", "tax_mismatch",
                   "stated " + stated.to_string() + ", the lines make " + tax.to_string());
}

void check_totals(Checker& check, const Document& document) {
    check.amount(document.tax_total, document.currency, "/tax_total");
    check.amount(document.total, document.currency, "/total");
    if (document.amounts == Amounts::none)
        check.require(document.tax_total.is_zero(), "/tax_total", "tax_without_amounts",
                      "no tax where amounts is none");
    if (check.failed()) return;
    const Result<Decimal> lines = lines_total(document);
    if (!lines) return check.fail("/lines", lines.error().code, lines.error().detail);
    const Decimal stated_tax = in_minor_unit(document.tax_total, document.currency);
    const Decimal expected = document.amounts == Amounts::exclusive ? *lines + stated_tax : *lines;
    if (!agree(in_minor_unit(document.total, document.currency), expected, document))
        check.fail("/total", "total_mismatch",
                   "stated " + document.total.to_string() + ", the lines make " + expected.to_string());
    check_line_taxes(check, document, stated_tax);
}

void check_document(Checker& check, const Document& document) {
    check.require(!document.contact.empty(), "/contact", "text_empty", "the text may not be empty");
    check.require(!document.number.empty(), "/number", "text_empty", "the text may not be empty");
    check.require(!document.due_date || *document.due_date >= document.date, "/due_date", "due_before_date",
                  "the due date is before the date");
    check_lines(check, document);
    if (!check.failed()) check_totals(check, document);
}

void check_applications(Checker& check, const std::vector<Application>& applications, Decimal whole,
                        const Currency& currency) {
    check.require(applications.size() <= kApplicationsMax, "/applies_to", "too_many_elements", "at most 1000");
    std::set<std::string_view> invoices;
    Decimal sum;
    for (std::size_t i = 0; i < applications.size() && !check.failed(); ++i) {
        const Application& application = applications[i];
        const std::string at = pointer_to("/applies_to", i);
        check.amount(application.amount, currency, at + "/amount");
        check.require(application.amount > Decimal(), at + "/amount", "not_positive", "must be above zero");
        check.require(invoices.insert(application.invoice).second, at + "/invoice", "duplicate_application",
                      "this invoice is named twice");
        if (!check.failed()) sum += in_minor_unit(application.amount, currency);
    }
    check.require(check.failed() || sum <= whole, "/applies_to", "over_applied", "more is applied than there is");
}

void check_body(Checker& check, const Contact& contact) {
    check.require(!contact.name.empty(), "/name", "text_empty", "the text may not be empty");
    check.require(contact.customer || contact.supplier, "/customer", "contact_without_role",
                  "at least one of customer and supplier");
}

void check_body(Checker& check, const Item& item) {
    check.require(!item.code.empty(), "/code", "text_empty", "the text may not be empty");
    check.require(!item.name.empty(), "/name", "text_empty", "the text may not be empty");
    if (item.unit_price) check.factor(*item.unit_price, "/unit_price");
}

void check_body(Checker& check, const Invoice& invoice) { check_document(check, invoice.document); }

void check_body(Checker& check, const CreditNote& credit_note) {
    const Document& document = credit_note.document;
    check.require(!document.due_date, "/due_date", "unknown_member", "credit_note has no such member");
    check_document(check, document);
    check.require(!document.total.is_negative(), "/total", "negative_credit_note",
                  "a credit note's amounts are positive");
    check_applications(check, credit_note.applies_to, document.total, document.currency);
}

void check_body(Checker& check, const Payment& payment) {
    check.require(!payment.contact.empty(), "/contact", "text_empty", "the text may not be empty");
    check.amount(payment.amount, payment.currency, "/amount");
    check.require(payment.amount > Decimal(), "/amount", "not_positive", "must be above zero");
    check_applications(check, payment.applies_to, payment.amount, payment.currency);
}

}  // namespace

Result<Decimal> line_amount(const Line& line, const Currency& currency) {
    const int places = currency.places();
    const Error too_large = invalid("decimal_too_large", "the line's amount is beyond what a document may carry");
    if (line.amount) {
        if (!amount_fits(*line.amount, places)) return too_large;
        return line.amount->rounded(places, Rounding::half_away_from_zero);
    }
    Result<Decimal> amount = multiply(line.quantity, line.unit_price, places, Rounding::half_away_from_zero);
    if (!amount || !amount_fits(*amount, places)) return too_large;
    return amount;
}

Result<Decimal> lines_total(const Document& document) {
    Decimal total(0, document.currency.places());
    for (const Line& line : document.lines) {
        const Result<Decimal> amount = line_amount(line, document.currency);
        if (!amount) return amount.error();
        total += *amount;
    }
    return total;
}

Result<void> check_record(const Record& record) {
    Checker check;
    std::visit([&check](const auto& body) { check_body(check, body); }, record.body);
    return std::move(check).result();
}

std::optional<CreditNote> as_credit_note(const Invoice& invoice) {
    if (!invoice.document.total.is_negative()) return std::nullopt;
    CreditNote credit_note{invoice.document, {}};
    Document& document = credit_note.document;
    document.due_date.reset();
    document.tax_total = -document.tax_total;
    document.total = -document.total;
    for (Line& line : document.lines) {
        line.quantity = -line.quantity;  // the price keeps its sign: quantity × price turns
        if (line.amount) line.amount = -*line.amount;
        if (line.tax) line.tax = -*line.tax;
    }
    return credit_note;
}

}  // namespace spillway
