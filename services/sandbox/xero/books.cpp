#include "services/sandbox/xero/books.hpp"

#include <algorithm>

namespace spillway::sandbox::xero {

namespace {

std::vector<std::string> account_keys(const Account& account) {
    std::vector<std::string> keys{"name:" + folded(account.name)};
    if (!account.code.empty()) keys.push_back("code:" + account.code);
    return keys;
}

std::vector<std::string> contact_keys(const Contact& contact) {
    std::vector<std::string> keys{"name:" + folded(contact.name)};
    if (!contact.number.empty()) keys.push_back("number:" + contact.number);
    if (!contact.account_number.empty()) keys.push_back("account:" + contact.account_number);
    return keys;
}

std::vector<std::string> item_keys(const Item& item) { return {"code:" + folded(item.code)}; }

std::vector<std::string> document_keys(const Document& document) {
    std::vector<std::string> keys{"contact:" + document.contact_id};
    if (document.number.empty()) return keys;
    if (document.credit_note)
        keys.push_back("credit:" + document.number);
    else
        keys.push_back((document.sales() ? "invoice:" : "bill:") + document.number);
    return keys;
}

std::vector<std::string> payment_keys(const Payment& payment) { return {"document:" + payment.document_id}; }

std::vector<std::string> allocation_keys(const Allocation& allocation) {
    return {"document:" + allocation.credit_note_id, "document:" + allocation.invoice_id};
}

const Contact* contact_with(const std::vector<const Contact*>& list, std::string_view status) {
    for (const Contact* contact : list)
        if (contact->status == status) return contact;
    return nullptr;
}

}  // namespace

std::string folded(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return lower;
}

Books::Books(Organisation org)
    : organisation(std::move(org)),
      accounts(undo, account_keys),
      contacts(undo, contact_keys),
      items(undo, item_keys),
      documents(undo, document_keys),
      payments(undo, payment_keys),
      allocations(undo, allocation_keys) {}

const Account* Books::account_by_code(const std::string& code) const {
    const auto list = accounts.with("code:" + code);
    return list.empty() ? nullptr : list.front();
}

const TaxRate* Books::tax_rate(std::string_view tax_type) const {
    const auto at = std::ranges::find(tax_rates, tax_type, &TaxRate::tax_type);
    return at == tax_rates.end() ? nullptr : &*at;
}

const Contact* Books::active_contact(std::string_view name) const {
    return contact_with(contacts.with("name:" + folded(name)), "ACTIVE");
}

const Contact* Books::archived_contact(std::string_view name) const {
    return contact_with(contacts.with("name:" + folded(name)), "ARCHIVED");
}

const Contact* Books::contact_by_number(const std::string& number) const {
    const auto list = contacts.with("number:" + number);
    return list.empty() ? nullptr : list.front();
}

std::string Ids::guid() {
    std::string hex = random_.hex128();
    hex[12] = '4';
    hex[16] = "89ab"[hex[16] % 4];  // version 4, variant 1
    for (const int at : {8, 13, 18, 23}) hex.insert(static_cast<std::size_t>(at), 1, '-');
    return hex;
}

std::string Ids::token(std::size_t words) {
    std::string text;
    for (std::size_t word = 0; word < words; ++word) text += random_.hex128();
    return text;
}

}  // namespace spillway::sandbox::xero
