// Payments and credit note allocations: what is outstanding bounds them; a payment is never changed, only deleted.

#include "services/sandbox/xero/documents.hpp"

namespace spillway::sandbox::xero {

namespace {

std::string_view payment_type(const Document& document) {
    if (document.credit_note) return document.sales() ? "ARCREDITPAYMENT" : "APCREDITPAYMENT";
    return document.sales() ? "ACCRECPAYMENT" : "ACCPAYPAYMENT";
}

void write_payment(Call& call, JsonText& json, const Payment& payment, bool full) {
    const Document& document = *call.books.documents.find(payment.document_id);
    const Account& account = *call.books.accounts.find(payment.account_id);
    json.member("PaymentID", payment.id).member("Date", instant(payment.date));
    json.member("BankAmount", payment.amount).member("Amount", payment.amount).member("Reference", payment.reference);
    json.member("CurrencyRate", document.rate).member("PaymentType", payment_type(document));
    json.member("Status", payment.status).member("UpdatedDateUTC", instant(payment.updated));
    json.member("UpdatedDateUTCString", format_utc(payment.updated).substr(0, 19) + "Z");
    json.member("HasAccount", true).member("IsReconciled", false);
    json.key("Account").object().member("AccountID", account.id).member("Code", account.code);
    json.member("Name", account.name).close();
    // A refund's credit note stands where an invoice would, and by its own name.
    json.key(document.credit_note ? "CreditNote" : "Invoice").object();
    if (full) {
        write_document(call, json, document, /*full=*/false);
    } else {
        json.member("Type", document.type);
        json.member(document.credit_note ? "CreditNoteID" : "InvoiceID", document.id);
        json.member(document.credit_note ? "CreditNoteNumber" : "InvoiceNumber", document.number);
    }
    json.close();
}

/// The document that a payment names by id or number. nullptr with the problem in `played`.
const Document* target_of(Call& call, const JsonValue& sent, Played& played) {
    const bool credit = sent["CreditNote"].is_object() || !sent["CreditNoteNumber"].string_or("").empty();
    const JsonValue& part = sent[credit ? "CreditNote" : "Invoice"];
    const std::string_view number_member = credit ? "CreditNoteNumber" : "InvoiceNumber";
    const std::string id = folded(part[credit ? "CreditNoteID" : "InvoiceID"].string_or(""));
    const std::string number = part[number_member].string_or(sent[number_member].string_or(""));
    const Document* document = id.empty() ? nullptr : call.books.documents.find(id);
    if (id.empty() && !number.empty()) {
        const auto same = call.books.documents.with((credit ? "credit:" : "invoice:") + number);
        if (!same.empty()) document = same.back();
    }
    if (document != nullptr && document->credit_note == credit) return document;
    if (!id.empty() && call.switches.unknown_reference_404 && call.method() == "POST")
        played.not_found = true;
    else
        played.errors.emplace_back("The document with the supplied id was not found for this endpoint.");
    return nullptr;
}

const Account* account_of(Call& call, const JsonValue& sent, Played& played) {
    const JsonValue& part = sent["Account"];
    const std::string id = part["AccountID"].string_or("");
    const Account* account = id.empty() ? call.books.account_by_code(part["Code"].string_or(sent["Code"].string_or("")))
                                        : call.books.accounts.find(id);
    if (account == nullptr || account->status != "ACTIVE") {
        played.errors.emplace_back("Account could not be found");
        return nullptr;
    }
    if (account->type != "BANK" && !account->payments)  // wording assumed
        played.errors.emplace_back("The account must be a bank account or have payments enabled");
    return account;
}

std::optional<Decimal> amount_of(const JsonValue& sent, Played& played) {
    const Result<Decimal> amount = sent["Amount"].as_decimal();
    if (amount && amount->abs() <= Decimal{9'999'999'999, 0} && !amount->is_negative() && !amount->is_zero() &&
        cents(*amount) == *amount)
        return cents(*amount);
    played.errors.emplace_back("Amount must be a positive amount in the currency's minor unit");  // wording assumed
    return std::nullopt;
}

Date date_or_today(Call& call, const JsonValue& sent, Played& played) {
    const std::string text = sent["Date"].string_or("");
    if (text.empty()) return date_of(call.now.wall);
    if (const auto day = read_date(text)) return *day;
    played.errors.emplace_back("Date is not a valid date");
    return date_of(call.now.wall);
}

Played create_payment(Call& call, const JsonValue& sent) {
    Played played{std::string(Ids::none()), {}, {}, false};
    const Document* document = target_of(call, sent, played);
    if (document == nullptr) return played;
    const Account* account = account_of(call, sent, played);
    const auto amount = amount_of(sent, played);
    Payment payment;
    payment.date = date_or_today(call, sent, played);
    if (document->status != "AUTHORISED")
        played.errors.emplace_back("Payments can only be made against Authorised documents");
    else if (amount && *amount > document->outstanding())
        played.errors.emplace_back("Payment amount exceeds the amount outstanding on this document");
    check_lock_dates(call.books.organisation, payment.date, played.errors);
    if (!played.ok() || account == nullptr || !amount) return played;
    payment.id = played.id = call.ids.guid();
    payment.created = payment.updated = call.now.wall;
    payment.document_id = document->id;
    payment.account_id = account->id;
    payment.reference = sent["Reference"].string_or("");
    payment.amount = *amount;
    Document paid = *document;
    paid.paid += *amount;
    settle(call, std::move(paid), payment.date);
    call.books.payments.put(std::move(payment));
    return played;
}

Played delete_payment(Call& call, const JsonValue& sent, const std::string& id) {
    const Payment* payment = call.books.payments.find(folded(id));
    if (payment == nullptr) return Played::missing();
    Played played{payment->id, {}, {}, false};
    if (sent["Status"].string_or("") != "DELETED" || payment->status == "DELETED") {
        played.errors.emplace_back("Payment not of valid status for modification");  // wording assumed
        return played;
    }
    check_lock_dates(call.books.organisation, payment->date, played.errors);
    if (!played.ok()) return played;
    Document document = *call.books.documents.find(payment->document_id);
    document.paid -= payment->amount;
    settle(call, std::move(document), payment->date);
    Payment gone = *payment;
    gone.status = "DELETED";
    if (call.switches.deleted_payment_moves_stamp) gone.updated = call.now.wall;
    call.books.payments.put(std::move(gone));
    return played;
}

Value payment_field(const Books& books, const Payment& payment, std::string_view name) {
    if (name == "PaymentID") return payment.id;
    if (name == "Status") return payment.status;
    if (name == "Reference") return payment.reference;
    if (name == "Amount") return payment.amount;
    if (name == "UpdatedDateUTC") return payment.updated;
    if (name == "Date") return WallTime{std::chrono::sys_days{payment.date.ymd}};
    const Document& document = *books.documents.find(payment.document_id);
    if (name == "PaymentType") return std::string(payment_type(document));
    if (name == "Invoice.InvoiceID") return document.credit_note ? std::string() : document.id;
    if (name == "Invoice.InvoiceNumber") return document.credit_note ? std::string() : document.number;
    return {};
}

HttpResponse read_payments(Call& call) {
    ListSource source{"Payments", /*paged=*/true};
    source.field = [&call](const Row& row, std::string_view name) {
        return payment_field(call.books, static_cast<const Payment&>(row), name);
    };
    source.write = [&call](JsonText& json, const Row& row, bool full) {
        write_payment(call, json, static_cast<const Payment&>(row), full);
    };
    if (call.path.size() == 2) {
        const Payment* payment = call.books.payments.find(folded(call.path[1]));
        return payment == nullptr ? not_found() : single_answer(call, source, *payment);
    }
    bool bad = false;
    const auto where = where_of(call, bad);
    if (bad) return bad_where();
    if (const auto invoice = where ? where->equals("Invoice.InvoiceID") : std::nullopt) {
        for (const Payment* payment : call.books.payments.with("document:" + folded(*invoice)))
            source.rows.push_back(payment);
    } else {
        for (const auto& [seq, payment] : call.books.payments.rows()) source.rows.push_back(&payment);
    }
    return list_answer(call, source);
}

}  // namespace

HttpResponse serve_payments(Call& call) {
    if (call.path.size() > 2) return not_found();
    const std::string id = call.path.size() == 2 ? call.path[1] : "";
    if (call.method() == "GET") return read_payments(call);
    if (call.method() != "POST" && (call.method() != "PUT" || !id.empty())) return {501, {}, ""};
    const BatchKind kind{"Payments", "PaymentID", "HasValidationErrors",
                         [&](const JsonValue& sent) {
                             const std::string own = id.empty() ? sent["PaymentID"].string_or("") : id;
                             return own.empty() ? create_payment(call, sent) : delete_payment(call, sent, own);
                         },
                         [&](JsonText& json, const std::string& row) {
                             write_payment(call, json, *call.books.payments.find(row), /*full=*/true);
                         }};
    return play_batch(call, kind);
}

}  // namespace spillway::sandbox::xero
