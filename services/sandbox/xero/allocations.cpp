// Allocations of credit notes to invoices: additive, bounded by both sides, taken back one by one.

#include <algorithm>

#include "services/sandbox/xero/documents.hpp"

namespace spillway::sandbox::xero {

namespace {

void write_allocation(Call& call, JsonText& json, const Allocation& allocation, bool deleted) {
    const Document& invoice = *call.books.documents.find(allocation.invoice_id);
    json.member("AllocationID", allocation.id).member("Amount", allocation.amount);
    json.member("Date", instant(allocation.date)).member("IsDeleted", deleted);
    json.key("Invoice").object().member("InvoiceID", invoice.id).member("InvoiceNumber", invoice.number).close();
    json.key("CreditNote").object().member("CreditNoteID", allocation.credit_note_id).close();
}

void check(const Document& note, const Document& invoice, Decimal amount, Played& played) {
    if (note.status != "AUTHORISED" || note.sales() != invoice.sales())
        played.errors.emplace_back("Credit Note not of valid status for modification");  // wording assumed
    else if (invoice.status == "PAID")
        played.errors.emplace_back("The invoice you are trying to allocate to has already been paid off");
    else if (invoice.status != "AUTHORISED")
        played.errors.emplace_back("Payments can only be made against Authorised documents");
    else if (amount > note.outstanding() || amount > invoice.outstanding())
        played.errors.emplace_back("Credit Note cannot be allocated as amount is greater than amount outstanding");
}

const Document* invoice_of(Call& call, const JsonValue& sent) {
    const std::string id = folded(sent["Invoice"]["InvoiceID"].string_or(""));
    if (!id.empty()) return call.books.documents.find(id);
    const auto same = call.books.documents.with("invoice:" + sent["Invoice"]["InvoiceNumber"].string_or(""));
    return same.empty() ? nullptr : same.back();
}

Played allocate(Call& call, const JsonValue& sent, const std::string& note_id) {
    const Document& note = *call.books.documents.find(note_id);
    const Document* invoice = invoice_of(call, sent);
    if (invoice == nullptr || invoice->credit_note)
        return Played::failed("The document with the supplied id was not found for this endpoint.");
    if (call.switches.allocation_date_required && !read_date(sent["Date"].string_or("")))
        return Played::failed("Date is required");
    const Result<Decimal> amount = sent["Amount"].as_decimal();
    if (!amount || amount->is_negative() || amount->is_zero() || *amount > Decimal{9'999'999'999, 0} ||
        cents(*amount) != *amount)
        return Played::failed("Amount must be a positive amount in the currency's minor unit");  // wording assumed
    Played played{std::string(Ids::none()), {}, {}, false};
    check(note, *invoice, *amount, played);
    if (!played.ok()) return played;

    Allocation allocation;
    allocation.id = played.id = call.ids.guid();
    allocation.created = allocation.updated = call.now.wall;
    allocation.credit_note_id = note.id;
    allocation.invoice_id = invoice->id;
    allocation.amount = cents(*amount);
    allocation.date = std::max(note.date, invoice->date);  // computed, whatever was sent
    Document credited = *invoice, used = note;
    credited.credited += allocation.amount;
    used.credited += allocation.amount;
    settle(call, std::move(credited), allocation.date);
    settle(call, std::move(used), allocation.date);
    call.books.allocations.put(std::move(allocation));
    return played;
}

HttpResponse take_back(Call& call, const std::string& id) {
    const Allocation* found = call.books.allocations.find(folded(id));
    if (found == nullptr || found->credit_note_id != call.path[1]) return not_found();
    const Allocation allocation = *found;
    for (const std::string& side : {allocation.credit_note_id, allocation.invoice_id}) {
        Document document = *call.books.documents.find(side);
        document.credited -= allocation.amount;
        settle(call, std::move(document), allocation.date);
    }
    JsonText json;
    json.object();
    write_allocation(call, json, allocation, /*deleted=*/true);
    json.close();
    call.books.allocations.erase(allocation.id);
    call.books.undo.clear();
    return json_answer(200, std::move(json).take());
}

}  // namespace

HttpResponse serve_allocations(Call& call) {
    const Document* note = call.books.documents.find(folded(call.path[1]));
    if (note == nullptr || !note->credit_note)
        return bad_request(10, "ValidationException",
                           "An existing Credit Note with the specified CreditNoteID could not be found");
    if (call.method() == "DELETE" && call.path.size() == 4) return take_back(call, call.path[3]);
    if (call.method() != "PUT" || call.path.size() != 3) return {501, {}, ""};
    const std::string note_id = note->id;
    const BatchKind kind{"Allocations", "AllocationID", "",
                         [&](const JsonValue& sent) { return allocate(call, sent, note_id); },
                         [&](JsonText& json, const std::string& row) {
                             write_allocation(call, json, *call.books.allocations.find(row), /*deleted=*/false);
                         }};
    return play_batch(call, kind);
}

}  // namespace spillway::sandbox::xero
