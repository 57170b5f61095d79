// Contacts: unique active names, numbers and account numbers; archived ones can neither be edited nor come back.

#include <algorithm>
#include <array>

#include "services/sandbox/xero/contacts.hpp"
#include "services/sandbox/xero/lists.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::string_view kArchived =
    "The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the "
    "API.";
constexpr std::string_view kNobody =
    "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, "
    "ContactNumber";

/// Members that are kept as they were sent.
constexpr std::array kKept{"FirstName",
                           "LastName",
                           "CompanyNumber",
                           "EmailAddress",
                           "BankAccountDetails",
                           "TaxNumber",
                           "AccountsReceivableTaxType",
                           "AccountsPayableTaxType",
                           "Addresses",
                           "Phones",
                           "ContactPersons",
                           "DefaultCurrency",
                           "SalesDefaultAccountCode",
                           "PurchasesDefaultAccountCode"};

std::string taken_name(const std::string& name) {
    return "The contact name " + name +
           " is already assigned to another contact. The contact name must be unique across all active contacts.";
}

bool valid_email(std::string_view text) {
    const auto at = text.find('@');
    return text.empty() || (at != 0 && at != std::string_view::npos && text.find('.', at) != std::string_view::npos &&
                            text.find(' ') == std::string_view::npos && text.size() <= 255);
}

bool other_has(const Call& call, const std::string& key, const std::string& id, bool active_only) {
    return std::ranges::any_of(call.books.contacts.with(key), [&](const Contact* other) {
        return other->id != id && (!active_only || other->status == "ACTIVE");
    });
}

void check(const Call& call, const Contact& contact, const JsonValue& sent, std::vector<std::string>& errors) {
    if (contact.name.empty()) errors.emplace_back(kNobody);
    if (contact.name.size() > 255) errors.emplace_back("The Contact Name cannot exceed 255 characters.");
    if (contact.name.find_first_of("<>") != std::string::npos || contact.name.find("  ") != std::string::npos)
        errors.emplace_back("The Contact Name contains characters that are not allowed.");  // wording assumed
    if (contact.number.size() > 50) errors.emplace_back("The Contact Number cannot exceed 50 characters.");
    if (contact.status == "ACTIVE" && other_has(call, "name:" + folded(contact.name), contact.id, /*active_only=*/true))
        errors.push_back(taken_name(contact.name));
    if (!contact.number.empty() && other_has(call, "number:" + contact.number, contact.id, /*active_only=*/false))
        errors.emplace_back("Another contact has this contact number. Please enter a different contact number.");
    if (!contact.account_number.empty() &&
        other_has(call, "account:" + contact.account_number, contact.id, /*active_only=*/false))
        errors.emplace_back("The Account Number already exists");
    if (!valid_email(sent["EmailAddress"].string_or(""))) errors.emplace_back("Email address must be valid.");
}

/// Fields that are not sent stay as they are.
void take_members(Contact& contact, const JsonValue& sent) {
    contact.name = sent["Name"].string_or(contact.name);
    contact.number = sent["ContactNumber"].string_or(contact.number);
    contact.account_number = sent["AccountNumber"].string_or(contact.account_number);
    contact.status = sent["ContactStatus"].string_or(contact.status);
    for (const char* name : kKept) {
        const JsonValue* value = sent.find(name);
        if (value == nullptr || value->is_null()) continue;
        const auto at = std::ranges::find(contact.extras, name, &std::pair<std::string, std::string>::first);
        if (at != contact.extras.end())
            at->second = write_json(*value);
        else
            contact.extras.emplace_back(name, write_json(*value));
    }
}

Value contact_field(const Contact& contact, std::string_view name) {
    if (name == "ContactID") return contact.id;
    if (name == "Name") return contact.name;
    if (name == "ContactNumber") return contact.number;
    if (name == "AccountNumber") return contact.account_number;
    if (name == "ContactStatus") return contact.status;
    if (name == "IsCustomer") return contact.customer;
    if (name == "IsSupplier") return contact.supplier;
    if (name == "UpdatedDateUTC") return contact.updated;
    if (name == "EmailAddress") {
        for (const auto& [member, json] : contact.extras)
            if (member == name && json.size() >= 2) return json.substr(1, json.size() - 2);
        return std::string();
    }
    return {};
}

/// Whom a POST without an id means: ContactNumber first, then Name.
const Contact* matched(const Call& call, const JsonValue& sent) {
    const std::string number = sent["ContactNumber"].string_or("");
    if (!number.empty())
        if (const Contact* contact = call.books.contact_by_number(number)) return contact;
    const std::string name = sent["Name"].string_or("");
    if (name.empty() || !call.switches.post_contact_name_matches) return nullptr;
    return call.books.active_contact(name);
}

Played update(Call& call, const Contact& old, const JsonValue& sent) {
    Played played{old.id, {}, {}, false};
    if (old.status == "ARCHIVED") {
        played.errors.emplace_back(kArchived);
        return played;
    }
    Contact contact = old;
    take_members(contact, sent);
    contact.updated = call.now.wall;
    check(call, contact, sent, played.errors);
    if (contact.status != "ACTIVE" && contact.status != "ARCHIVED")
        played.errors.emplace_back("ContactStatus is not valid");
    if (played.ok()) call.books.contacts.put(std::move(contact));
    return played;
}

Played create(Call& call, const JsonValue& sent) {
    const std::string name = sent["Name"].string_or("");
    // By its name an archived contact is found too, and cannot be used again.
    if (!name.empty() && call.books.active_contact(name) == nullptr && call.books.archived_contact(name) != nullptr)
        return Played::failed(std::string(kArchived));
    Contact contact;
    contact.id = call.ids.guid();
    contact.created = contact.updated = call.now.wall;
    take_members(contact, sent);
    contact.status = "ACTIVE";
    Played played{contact.id, {}, {}, false};
    check(call, contact, sent, played.errors);
    if (!played.ok()) {
        played.id = Ids::none();
        return played;
    }
    call.books.contacts.put(std::move(contact));
    return played;
}

Played play_contact(Call& call, const JsonValue& sent, const std::string& path_id) {
    const std::string id = path_id.empty() ? sent["ContactID"].string_or("") : path_id;
    if (!id.empty() && (call.method() == "POST" || path_id.empty())) {
        const Contact* contact = call.books.contacts.find(id);
        return contact == nullptr ? Played::missing() : update(call, *contact, sent);
    }
    if (call.method() == "POST")
        if (const Contact* contact = matched(call, sent)) return update(call, *contact, sent);
    return create(call, sent);
}

ListSource contact_source(Call& call) {
    ListSource source{"Contacts", /*paged=*/true};
    source.field = [](const Row& row, std::string_view name) {
        return contact_field(static_cast<const Contact&>(row), name);
    };
    source.write = [&call](JsonText& json, const Row& row, bool) {
        write_contact(call, json, static_cast<const Contact&>(row));
    };
    return source;
}

HttpResponse list_contacts(Call& call) {
    ListSource source = contact_source(call);
    bool bad = false;
    const auto where = where_of(call, bad);
    if (bad) return bad_where();
    const auto ids = comma_list(call.parameter("IDs"));
    if (!ids.empty()) {
        for (const std::string& id : ids)
            if (const Contact* contact = call.books.contacts.find(id)) source.rows.push_back(contact);
    } else if (const auto name = where ? where->equals("Name") : std::nullopt) {
        for (const Contact* contact : call.books.contacts.with("name:" + folded(*name))) source.rows.push_back(contact);
    } else if (const auto number = where ? where->equals("ContactNumber") : std::nullopt) {
        for (const Contact* contact : call.books.contacts.with("number:" + *number)) source.rows.push_back(contact);
    } else {
        for (const auto& [seq, contact] : call.books.contacts.rows()) source.rows.push_back(&contact);
    }
    if (!call.flag("includeArchived", false))
        std::erase_if(source.rows,
                      [](const Row* row) { return static_cast<const Contact*>(row)->status == "ARCHIVED"; });
    if (const auto term = call.parameter("searchTerm"))
        std::erase_if(source.rows, [&](const Row* row) {
            const auto& contact = *static_cast<const Contact*>(row);
            return folded(contact.name).find(folded(*term)) == std::string::npos && contact.number != *term;
        });
    return list_answer(call, source);
}

}  // namespace

void write_contact(Call& call, JsonText& json, const Contact& contact) {
    json.member("ContactID", contact.id);
    if (!contact.number.empty()) json.member("ContactNumber", contact.number);
    if (!contact.account_number.empty()) json.member("AccountNumber", contact.account_number);
    json.member("ContactStatus", contact.status).member("Name", contact.name);
    bool lists[3] = {false, false, false};
    for (const auto& [name, text] : contact.extras) {
        json.member_raw(name, text);
        lists[0] |= name == "Addresses";
        lists[1] |= name == "Phones";
        lists[2] |= name == "ContactPersons";
    }
    if (!lists[0]) json.key("Addresses").array().close();
    if (!lists[1]) json.key("Phones").array().close();
    if (!lists[2]) json.key("ContactPersons").array().close();
    json.key("ContactGroups").array().close();
    json.member("IsSupplier", contact.supplier).member("IsCustomer", contact.customer);
    json.member("UpdatedDateUTC", instant(contact.updated)).member("HasAttachments", false);
    static_cast<void>(call);
}

const Contact* contact_for_document(Call& call, const JsonValue& sent, bool customer, Played& played) {
    Books& books = call.books;
    const std::string id = sent["ContactID"].string_or("");
    const std::string number = sent["ContactNumber"].string_or("");
    const std::string name = sent["Name"].string_or("");
    const Contact* contact = nullptr;
    if (!id.empty()) {
        contact = books.contacts.find(id);
        if (contact == nullptr && call.switches.unknown_reference_404 && call.method() == "POST")
            played.not_found = true;
        else if (contact == nullptr)
            played.errors.emplace_back(
                "An existing contact with the specified ContactID could not be found");  // wording assumed
    } else if (!number.empty() && books.contact_by_number(number) != nullptr) {
        contact = books.contact_by_number(number);
    } else if (!name.empty()) {
        contact = books.active_contact(name);
        if (contact == nullptr) contact = books.archived_contact(name);
        if (contact == nullptr) {
            const Played created = create(call, sent);
            if (!created.ok())
                played.errors.insert(played.errors.end(), created.errors.begin(), created.errors.end());
            else
                contact = books.contacts.find(created.id);
        }
    } else {
        played.errors.emplace_back(kNobody);
    }
    if (contact == nullptr) return nullptr;
    if (contact->status == "ARCHIVED") {
        played.errors.emplace_back(
            "The contact with the specified contact details has been archived. The contact must be un-archived before "
            "creating new invoices or credit notes");
        return nullptr;
    }
    if (customer ? contact->customer : contact->supplier) return contact;
    Contact changed = *contact;  // UpdatedDateUTC stays: IsCustomer and IsSupplier do not move it
    (customer ? changed.customer : changed.supplier) = true;
    return &books.contacts.put(std::move(changed));
}

HttpResponse serve_contacts(Call& call) {
    if (call.path.size() > 2) return not_found();
    const std::string id = call.path.size() == 2 ? call.path[1] : "";
    if (call.method() == "GET" && !id.empty()) {
        const Contact* contact = call.books.contacts.find(id);
        if (contact == nullptr) contact = call.books.contact_by_number(id);
        return contact == nullptr ? not_found() : single_answer(call, contact_source(call), *contact);
    }
    if (call.method() == "GET") return list_contacts(call);
    if (call.method() != "POST" && (call.method() != "PUT" || !id.empty())) return {501, {}, ""};
    const BatchKind kind{
        "Contacts", "ContactID", "HasValidationErrors",
        [&](const JsonValue& sent) { return play_contact(call, sent, id); },
        [&](JsonText& json, const std::string& row) { write_contact(call, json, *call.books.contacts.find(row)); }};
    return play_batch(call, kind);
}

}  // namespace spillway::sandbox::xero
