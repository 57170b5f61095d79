// Invoices, bills and credit notes as lists and as JSON.

#include <algorithm>

#include "services/sandbox/xero/contacts.hpp"
#include "services/sandbox/xero/documents.hpp"

namespace spillway::sandbox::xero {

namespace {

void write_line(Call& call, JsonText& json, const Line& line) {
    json.object().member("LineItemID", line.id).member("Description", line.description);
    if (!line.item_code.empty()) json.member("ItemCode", line.item_code);
    if (line.unit_amount) json.member("UnitAmount", line.unit_amount->rounded(call.price_places(), call.rounding()));
    json.member("TaxType", line.tax_type).member("TaxAmount", line.tax).member("LineAmount", line.amount);
    if (!line.account_code.empty()) json.member("AccountCode", line.account_code);
    if (const Account* account = line.account_code.empty() ? nullptr : call.books.account_by_code(line.account_code))
        json.member("AccountID", account->id);
    json.member_raw("Tracking", line.tracking);
    if (line.quantity) json.member("Quantity", line.quantity->shortest());
    json.member("DiscountRate", line.discount_rate).member("DiscountAmount", line.discount_amount).close();
}

void write_settlements(Call& call, JsonText& json, const Document& document) {
    json.key("Payments").array();
    for (const Payment* payment : call.books.payments.with("document:" + document.id)) {
        if (payment->status == "DELETED") continue;
        json.object().member("PaymentID", payment->id).member("Date", instant(payment->date));
        json.member("Amount", payment->amount).member("Reference", payment->reference);
        json.member("CurrencyRate", document.rate)
            .member("HasAccount", true)
            .member("HasValidationErrors", false)
            .close();
    }
    json.close().key(document.credit_note ? "Allocations" : "CreditNotes").array();
    for (const Allocation* allocation : call.books.allocations.with("document:" + document.id)) {
        const std::string& other_id = document.credit_note ? allocation->invoice_id : allocation->credit_note_id;
        const Document* other = call.books.documents.find(other_id);
        if (document.credit_note) {
            json.object().member("AllocationID", allocation->id).member("Amount", allocation->amount);
            json.member("Date", instant(allocation->date)).member("IsDeleted", false).key("Invoice").object();
            json.member("InvoiceID", other_id).member("InvoiceNumber", other->number).close().close();
        } else {
            json.object().member("CreditNoteID", other_id).member("CreditNoteNumber", other->number);
            json.member("AppliedAmount", allocation->amount).member("Total", other->total).close();
        }
    }
    json.close();
}

void write_contact_part(Call& call, JsonText& json, const Document& document, bool full) {
    const Contact* contact = call.books.contacts.find(document.contact_id);
    json.key("Contact").object();
    if (contact != nullptr && full)
        write_contact(call, json, *contact);
    else if (contact != nullptr)
        json.member("ContactID", contact->id).member("Name", contact->name);
    json.close();
}

void write_amounts(JsonText& json, const Document& document) {
    json.member("SubTotal", document.sub_total).member("TotalTax", document.tax_total).member("Total", document.total);
    if (document.credit_note) {
        json.member("RemainingCredit", cents(document.outstanding()));
    } else {
        json.member("AmountDue", cents(document.outstanding())).member("AmountPaid", cents(document.paid));
        json.member("AmountCredited", cents(document.credited));
    }
}

ListSource document_source(Call& call, bool credit_notes) {
    ListSource source{credit_notes ? "CreditNotes" : "Invoices", /*paged=*/true};
    source.field = [&call](const Row& row, std::string_view name) {
        return document_field(call.books, static_cast<const Document&>(row), name);
    };
    source.write = [&call](JsonText& json, const Row& row, bool full) {
        write_document(call, json, static_cast<const Document&>(row), full);
    };
    return source;
}

void add_with(const Call& call, const std::string& key, std::vector<const Row*>& rows) {
    for (const Document* document : call.books.documents.with(key)) rows.push_back(document);
}

void add_id(const Call& call, const std::string& id, std::vector<const Row*>& rows) {
    if (const Document* document = call.books.documents.find(folded(id))) rows.push_back(document);
}

/// The rows that filters and indexes leave; the rest of the `where` is checked on each afterwards.
void collect(const Call& call, const std::optional<Where>& where, bool credit_notes, std::vector<const Row*>& rows) {
    const auto ids = comma_list(call.parameter("IDs"));
    const auto numbers = comma_list(call.parameter("InvoiceNumbers"));
    const auto equal = [&](std::string_view field) { return where ? where->equals(field) : std::nullopt; };
    if (!credit_notes && !ids.empty()) {
        for (const std::string& id : ids) add_id(call, id, rows);
    } else if (!credit_notes && !numbers.empty()) {
        for (const std::string& number : numbers) {
            add_with(call, "invoice:" + number, rows);
            add_with(call, "bill:" + number, rows);
        }
    } else if (const auto id = equal(credit_notes ? "CreditNoteID" : "InvoiceID")) {
        add_id(call, *id, rows);
    } else if (const auto number = equal(credit_notes ? "CreditNoteNumber" : "InvoiceNumber")) {
        add_with(call, (credit_notes ? "credit:" : "invoice:") + *number, rows);
        if (!credit_notes) add_with(call, "bill:" + *number, rows);
    } else if (const auto contact = equal("Contact.ContactID")) {
        add_with(call, "contact:" + folded(*contact), rows);
    } else {
        for (const auto& [seq, document] : call.books.documents.rows()) rows.push_back(&document);
    }
    std::erase_if(rows, [&](const Row* row) { return static_cast<const Document*>(row)->credit_note != credit_notes; });
}

void filter(const Call& call, std::vector<const Row*>& rows) {
    const auto keep = [&](std::string_view parameter, auto&& has) {
        const auto list = comma_list(call.parameter(parameter));
        if (list.empty()) return;
        std::erase_if(rows, [&](const Row* row) {
            return std::ranges::find(list, has(*static_cast<const Document*>(row))) == list.end();
        });
    };
    keep("Statuses", [](const Document& document) { return document.status; });
    keep("ContactIDs", [](const Document& document) { return document.contact_id; });
    if (const auto term = call.parameter("searchTerm"))
        std::erase_if(rows, [&](const Row* row) {
            const auto& document = *static_cast<const Document*>(row);
            return folded(document.number).find(folded(*term)) == std::string::npos &&
                   folded(document.reference).find(folded(*term)) == std::string::npos;
        });
}

}  // namespace

Value document_field(const Books& books, const Document& document, std::string_view name) {
    if (name == (document.credit_note ? "CreditNoteID" : "InvoiceID")) return document.id;
    if (name == (document.credit_note ? "CreditNoteNumber" : "InvoiceNumber")) return document.number;
    if (name == "Type") return document.type;
    if (name == "Status") return document.status;
    if (name == "Reference") return document.reference;
    if (name == "CurrencyCode") return document.currency;
    if (name == "Total") return document.total;
    if (name == (document.credit_note ? "RemainingCredit" : "AmountDue")) return document.outstanding();
    if (name == "AmountPaid") return document.paid;
    if (name == "UpdatedDateUTC") return document.updated;
    if (name == "Date") return WallTime{std::chrono::sys_days{document.date.ymd}};
    if (name == "DueDate") return WallTime{std::chrono::sys_days{document.due.value_or(document.date).ymd}};
    if (name == "Contact.ContactID") return document.contact_id;
    const Contact* contact = books.contacts.find(document.contact_id);
    if (name == "Contact.Name") return contact == nullptr ? std::string() : contact->name;
    if (name == "Contact.ContactNumber") return contact == nullptr ? std::string() : contact->number;
    return {};
}

void write_document(Call& call, JsonText& json, const Document& document, bool full) {
    json.member("Type", document.type).member(document.credit_note ? "CreditNoteID" : "InvoiceID", document.id);
    json.member(document.credit_note ? "CreditNoteNumber" : "InvoiceNumber", document.number);
    json.member("Reference", document.reference);
    if (!document.url.empty()) json.member("Url", document.url);
    if (!document.branding_theme.empty()) json.member("BrandingThemeID", document.branding_theme);
    write_contact_part(call, json, document, full);
    json.member("DateString", date_string(document.date)).member("Date", instant(document.date));
    if (document.due)
        json.member("DueDateString", date_string(*document.due)).member("DueDate", instant(*document.due));
    json.member("Status", document.status).member("LineAmountTypes", document.amount_types);
    if (full) {
        json.key("LineItems").array();
        for (const Line& line : document.lines) write_line(call, json, line);
        json.close();
    }
    write_amounts(json, document);
    json.member("UpdatedDateUTC", instant(document.updated));
    json.member("UpdatedDateUTCString", format_utc(document.updated).substr(0, 19) + "Z");
    json.member("CurrencyCode", document.currency).member("CurrencyRate", document.rate);
    if (document.paid_on) json.member("FullyPaidOnDate", instant(*document.paid_on));
    json.member("SentToContact", document.sent).member("HasAttachments", false);
    if (!document.credit_note) {
        json.member("IsDiscounted", false).key("Prepayments").array().close().key("Overpayments").array().close();
    }
    write_settlements(call, json, document);
}

HttpResponse read_documents(Call& call, bool credit_notes) {
    ListSource source = document_source(call, credit_notes);
    if (call.path.size() == 2) {
        const Document* document = call.books.documents.find(folded(call.path[1]));
        if (document == nullptr) {
            const auto same = call.books.documents.with((credit_notes ? "credit:" : "invoice:") + call.path[1]);
            if (!same.empty()) document = same.back();
        }
        if (document == nullptr || document->credit_note != credit_notes) return not_found();
        return single_answer(call, source, *document);
    }
    bool bad = false;
    const auto where = where_of(call, bad);
    if (bad) return bad_where();
    collect(call, where, credit_notes, source.rows);
    filter(call, source.rows);
    return list_answer(call, source);
}

}  // namespace spillway::sandbox::xero
