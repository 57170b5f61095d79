// Customers, vendors, employees, items and accounts: names and what they refer to.

#include <array>

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/rules.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr std::string_view kSuffix = " (deleted)";

std::string quoted(std::string_view text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

/// A person's name: DisplayName, else what the parts of the name make.
std::string person_name(const Object& draft) {
    std::string name = text_field(draft, "DisplayName");
    if (!name.empty()) return name;
    for (const std::string_view part : {"Title", "GivenName", "MiddleName", "FamilyName", "Suffix"}) {
        const std::string text = text_field(draft, part);
        if (!text.empty()) name += (name.empty() ? "" : " ") + text;
    }
    return name;
}

bool taken_in(const Scene& scene, Kind kind, std::string_view name, const Object& draft) {
    for (const std::int64_t id : scene.company.by_key(kind, name)) {
        const Object* holder = scene.company.find(kind, id);
        if (kind == draft.kind && id == draft.id) continue;
        if (!scene.settings.name_case_matters || holder->key == name) return true;
    }
    return false;
}

bool name_taken(const Scene& scene, const Object& draft) {
    constexpr std::array kPersons{Kind::customer, Kind::vendor, Kind::employee};
    std::vector<Kind> kinds{draft.kind};
    if (is_person(draft.kind)) kinds.assign(kPersons.begin(), kPersons.end());
    for (const Kind kind : kinds) {
        if (taken_in(scene, kind, draft.key, draft)) return true;
        // Whether a deactivated row's name is free again at once is not known.
        if (!scene.settings.deactivated_name_free && taken_in(scene, kind, draft.key + std::string(kSuffix), draft))
            return true;
    }
    return false;
}

void check_name(const Scene& scene, Object& draft, const Object* old) {
    const KindInfo& kind = info(draft.kind);
    std::string name = is_person(draft.kind) ? person_name(draft) : text_field(draft, "Name");
    if (name.empty()) refuse_missing(kind.key);
    if (is_person(draft.kind) && name.find_first_of(":\t\n") != std::string::npos)
        refuse("2040", "A name holds a colon, tab or new line", std::string(kind.key));
    if (draft.kind == Kind::account && name.find_first_of(":\"") != std::string::npos)
        refuse("2040", "An account's name holds a colon or a quotation mark", std::string(kind.key));
    const bool suffixed = name.ends_with(kSuffix);
    if (!draft.active && !suffixed) name += kSuffix;
    if (draft.active && old != nullptr && !old->active && suffixed) name.resize(name.size() - kSuffix.size());
    draft.set_field(find_property(kind, kind.key), quoted(name));
    draft.key = name;
    const bool renamed = old == nullptr || old->key != draft.key;
    // The answer's Detail names no holder: "null" is what was seen.
    if (renamed && draft.active && name_taken(scene, draft)) refuse("6240", "The name supplied already exists. : null");
}

void check_account_type(const Scene& scene, const Object& draft, std::string_view property, std::string_view type) {
    const Object* account = resolve(scene, draft, property, Kind::account);
    if (account == nullptr || text_field(*account, "AccountType").find(type) != std::string::npos) return;
    refuse("6430", "The account of " + std::string(property) + " is not of a type that fits", std::string(property));
}

void check_item(const Scene& scene, Object& draft) {
    const Property* type = find_property(info(Kind::item), "Type");
    if (draft.field("Type") == nullptr) draft.set_field(type, quoted("Service"));
    const std::string word = text_field(draft, "Type");
    if (word != "Service" && word != "NonInventory" && word != "Inventory" && word != "Category")
        refuse("2170", "Type " + word + " is not an item type", "Type");
    check_account_type(scene, draft, "IncomeAccountRef", "Income");
    check_account_type(scene, draft, "ExpenseAccountRef", "");
    if (word == "Category") return;
    if (draft.field("IncomeAccountRef") == nullptr && draft.field("ExpenseAccountRef") == nullptr)
        refuse_missing("IncomeAccountRef");
    if (word != "Inventory") return;
    for (const std::string_view needed : {"AssetAccountRef", "InvStartDate", "QtyOnHand", "TrackQtyOnHand"}) {
        if (draft.field(needed) == nullptr) refuse_missing(needed);
    }
}

}  // namespace

void check_named(const Scene& scene, Object& draft, const Object* old) {
    const std::string* active = draft.field("Active");
    if (active != nullptr) draft.active = *active == "true";
    check_name(scene, draft, old);
    if (draft.kind == Kind::item) check_item(scene, draft);
    if (draft.kind == Kind::account && draft.field("AccountType") == nullptr &&
        draft.field("AccountSubType") == nullptr)
        refuse_missing("AccountType");
    if (draft.field("ParentRef") != nullptr) resolve(scene, draft, "ParentRef", draft.kind);
    if (!is_person(draft.kind)) return;
    if (old != nullptr && draft.field("CurrencyRef") == nullptr)
        draft.set_field(find_property(info(draft.kind), "CurrencyRef"), *old->field("CurrencyRef"));
    settle_currency(scene, draft, nullptr);
    const auto code = [](const Object& person) {
        return (*parse_json(*person.field("CurrencyRef")))["value"].string_or({});
    };
    if (old != nullptr && code(*old) != code(draft))
        refuse("6000", "The currency of a customer or vendor cannot change", "CurrencyRef");
}

}  // namespace spillway::sandbox::qbo
