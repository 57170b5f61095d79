#include "services/drill/ledger.hpp"

#include <algorithm>
#include <cctype>

namespace spillway::drill {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// Statuses that take an object out of the books, in either provider's words.
bool is_gone(const JsonValue& object) {
    const std::string status = lower(object["status"].text());
    return status == "voided" || status == "deleted" || status == "archived" || status == "inactive";
}

Result<BookDocument> read_document(const JsonValue& from) {
    BookDocument document;
    document.number = from["number"].text();
    document.contact = from["contact"].text();
    document.credit_note = from["type"].text() == "credit_note";
    const Result<Decimal> net = from["net"].as_decimal();
    if (!net.ok()) return invalid("bad_ledger", "document " + document.number + " has no net amount");
    document.net = document.credit_note ? -*net : *net;
    return document;
}

/// Whether an operation or an entity of a batch is about invoices or credit notes.
bool is_about_documents(std::string_view operation) {
    const std::string word = lower(operation);
    return word.find("invoice") != std::string::npos || word.find("creditnote") != std::string::npos ||
           word.find("creditmemo") != std::string::npos;
}

void read_calls(const JsonValue& calls, Books& books) {
    books.calls = calls["total"].int64_or(0);
    books.throttled = calls["throttled"].int64_or(0);
    // A batch says by its entities what it carried ("CreditMemo+Invoice"); other calls by their path.
    for (const std::string_view list : {"by_operation", "by_batch"})
        for (const JsonMember& one : calls[list].members())
            if (is_about_documents(one.name)) books.document_calls += one.value.int64_or(0);
}

}  // namespace

Result<Books> read_ledger(const JsonValue& ledger, const std::string& tenant) {
    if (!ledger["tenants"].is_array() || !ledger["calls"].is_object())
        return invalid("bad_ledger", "the sandbox's answer is no ledger");
    Books books;
    books.provider = ledger["provider"].text();
    bool found = tenant.empty();
    for (const JsonValue& one : ledger["tenants"].items()) {
        if (!tenant.empty() && one["id"].text() != tenant) continue;
        found = true;
        for (const JsonValue& document : one["documents"].items()) {
            if (is_gone(document)) continue;
            Result<BookDocument> read = read_document(document);
            if (!read.ok()) return read.error();
            books.documents.push_back(*std::move(read));
        }
        for (const JsonValue& contact : one["contacts"].items())
            if (!is_gone(contact)) books.contacts.emplace_back(contact["name"].text());
        for (const JsonValue& item : one["items"].items()) books.items.emplace_back(item["code"].text());
    }
    if (!found) return Error{ErrorKind::not_found, "no_such_tenant", "the sandbox has no organisation " + tenant};
    read_calls(ledger["calls"], books);
    return books;
}

}  // namespace spillway::drill
