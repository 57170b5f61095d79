// Items: a code of at most 30 characters, unique; a sales and a purchase side.

#include "services/sandbox/xero/lists.hpp"

namespace spillway::sandbox::xero {

namespace {

constexpr std::size_t kCodeMax = 30, kNameMax = 50, kDescriptionMax = 4000;

void take_side(Call& call, const JsonValue& sent, PriceSide& side, Played& played) {
    if (const JsonValue* price = sent.find("UnitPrice"); price != nullptr && !price->is_null()) {
        const Result<Decimal> parsed = price->as_decimal();
        if (!parsed || parsed->abs() > Decimal{9'999'999'999, 0})
            played.errors.emplace_back("UnitPrice is not a valid amount");
        else
            side.unit_price = parsed->rounded(call.price_places(), call.rounding());
    }
    side.account_code = sent["AccountCode"].string_or(side.account_code);
    side.tax_type = sent["TaxType"].string_or(side.tax_type);
    if (!side.account_code.empty() && call.books.account_by_code(side.account_code) == nullptr)
        played.errors.push_back("Account code '" + side.account_code + "' is not a valid code for this document.");
    if (!side.tax_type.empty() && call.books.tax_rate(side.tax_type) == nullptr)
        played.errors.push_back("The TaxType code '" + side.tax_type + "' cannot be used with account code '" +
                                side.account_code + "'.");
}

void check(const Item& item, Played& played) {
    if (item.code.empty()) played.errors.emplace_back("Price List Item Code must be supplied");  // wording assumed
    if (item.code.size() > kCodeMax) played.errors.emplace_back("Price List Item Code must not exceed 30 characters");
    if (item.name.size() > kNameMax) played.errors.emplace_back("Price List Item Name must not exceed 50 characters");
    if (item.description.size() > kDescriptionMax || item.purchase_description.size() > kDescriptionMax)
        played.errors.emplace_back("Price List Item Description must not exceed 4000 characters");
}

Played save(Call& call, Item item, const JsonValue& sent, bool fresh) {
    item.code = sent["Code"].string_or(item.code);
    item.name = sent["Name"].string_or(item.name.empty() ? item.code : item.name);
    item.description = sent["Description"].string_or(item.description);
    item.purchase_description = sent["PurchaseDescription"].string_or(item.purchase_description);
    item.sold = sent["IsSold"].bool_or(item.sold);
    item.purchased = sent["IsPurchased"].bool_or(item.purchased);
    Played played{item.id, {}, {}, false};
    take_side(call, sent["SalesDetails"], item.sales, played);
    take_side(call, sent["PurchaseDetails"], item.purchase, played);
    if (!item.sold) item.sales = {};  // false wipes that side
    if (!item.purchased) item.purchase = {};
    check(item, played);
    for (const Item* other : call.books.items.with("code:" + folded(item.code)))
        if (other->id != item.id)
            played.errors.push_back("Price List Item with Code '" + item.code + "' already exists");
    item.updated = call.now.wall;
    if (!played.ok()) {
        if (fresh) played.id = Ids::none();
        return played;
    }
    call.books.items.put(std::move(item));
    return played;
}

Played play_item(Call& call, const JsonValue& sent, const std::string& path_id) {
    const std::string id = path_id.empty() ? sent["ItemID"].string_or("") : path_id;
    if (!id.empty()) {
        const Item* item = call.books.items.find(id);
        return item == nullptr ? Played::missing() : save(call, *item, sent, /*fresh=*/false);
    }
    if (call.method() == "POST") {
        const auto same = call.books.items.with("code:" + folded(sent["Code"].string_or("")));
        if (!same.empty()) return save(call, *same.front(), sent, /*fresh=*/false);
    }
    Item item;
    item.id = call.ids.guid();
    item.created = call.now.wall;
    return save(call, std::move(item), sent, /*fresh=*/true);
}

void write_side(const Call& call, JsonText& json, std::string_view name, const PriceSide& side) {
    json.key(name).object();
    if (side.unit_price) json.member("UnitPrice", side.unit_price->rounded(call.price_places(), call.rounding()));
    if (!side.account_code.empty()) json.member("AccountCode", side.account_code);
    if (!side.tax_type.empty()) json.member("TaxType", side.tax_type);
    json.close();
}

void write_item(const Call& call, JsonText& json, const Item& item) {
    json.member("ItemID", item.id).member("Code", item.code).member("Name", item.name);
    if (!item.description.empty()) json.member("Description", item.description);
    if (!item.purchase_description.empty()) json.member("PurchaseDescription", item.purchase_description);
    json.member("UpdatedDateUTC", instant(item.updated));
    write_side(call, json, "PurchaseDetails", item.purchase);
    write_side(call, json, "SalesDetails", item.sales);
    json.member("IsTrackedAsInventory", false).member("IsSold", item.sold).member("IsPurchased", item.purchased);
}

Value item_field(const Item& item, std::string_view name) {
    if (name == "ItemID") return item.id;
    if (name == "Code") return item.code;
    if (name == "Name") return item.name;
    if (name == "IsSold") return item.sold;
    if (name == "IsPurchased") return item.purchased;
    if (name == "UpdatedDateUTC") return item.updated;
    return {};
}

ListSource item_source(Call& call) {
    ListSource source{"Items"};
    source.field = [](const Row& row, std::string_view name) {
        return item_field(static_cast<const Item&>(row), name);
    };
    source.write = [&call](JsonText& json, const Row& row, bool) {
        write_item(call, json, static_cast<const Item&>(row));
    };
    return source;
}

HttpResponse read_items(Call& call, const std::string& id) {
    ListSource source = item_source(call);
    if (!id.empty()) {
        const Item* item = call.books.items.find(id);
        if (item == nullptr) {  // the path takes a code too
            const auto same = call.books.items.with("code:" + folded(id));
            if (!same.empty()) item = same.front();
        }
        return item == nullptr ? not_found() : single_answer(call, source, *item);
    }
    bool bad = false;
    const auto where = where_of(call, bad);
    if (bad) return bad_where();
    if (const auto code = where ? where->equals("Code") : std::nullopt) {
        for (const Item* item : call.books.items.with("code:" + folded(*code))) source.rows.push_back(item);
    } else {
        for (const auto& [seq, item] : call.books.items.rows()) source.rows.push_back(&item);
    }
    return list_answer(call, source);
}

}  // namespace

HttpResponse serve_items(Call& call) {
    if (call.path.size() > 2) return not_found();
    const std::string id = call.path.size() == 2 ? call.path[1] : "";
    if (call.method() == "GET") return read_items(call, id);
    if (call.method() == "DELETE" && !id.empty()) {
        if (call.books.items.find(id) == nullptr) return not_found();
        call.books.items.erase(id);
        call.books.undo.clear();
        return {204, {}, ""};
    }
    if (call.method() != "POST" && (call.method() != "PUT" || !id.empty())) return {501, {}, ""};
    const BatchKind kind{
        "Items", "ItemID", "", [&](const JsonValue& sent) { return play_item(call, sent, id); },
        [&](JsonText& json, const std::string& row) { write_item(call, json, *call.books.items.find(row)); }};
    return play_batch(call, kind);
}

}  // namespace spillway::sandbox::xero
