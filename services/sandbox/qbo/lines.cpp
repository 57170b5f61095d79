#include "services/sandbox/qbo/lines.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "schema/json_text.hpp"
#include "schema/utf8.hpp"
#include "services/sandbox/qbo/faults.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr Rounding kRounding = Rounding::half_away_from_zero;
constexpr std::size_t kDescriptionMax = 4000;

constexpr auto kLineMembers =
    std::to_array<std::string_view>({"Id", "LineNum", "Description", "Amount", "DetailType", "SalesItemLineDetail",
                                     "DescriptionLineDetail", "SubTotalLineDetail", "DiscountLineDetail",
                                     "GroupLineDetail", "LinkedTxn", "LineEx", "CustomField", "ProjectRef"});
constexpr auto kDetailMembers = std::to_array<std::string_view>(
    {"ItemRef", "Qty", "UnitPrice", "TaxCodeRef", "ClassRef", "ServiceDate", "ItemAccountRef", "TaxInclusiveAmt",
     "DiscountAmt", "DiscountRate", "PriceLevelRef", "MarkupInfo", "RatePercent", "TaxClassificationRef",
     "DeferredRevenue"});

template <std::size_t N>
void check_members(const JsonValue& object, const std::array<std::string_view, N>& known) {
    for (const JsonMember& member : object.members()) {
        if (std::ranges::find(known, member.name) == known.end())
            refuse("2010", "Property Name:" + member.name + " specified is unsupported or invalid", member.name);
    }
}

std::optional<Decimal> number(const JsonValue& object, std::string_view name) {
    const JsonValue* value = object.find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    const Result<Decimal> read = value->as_decimal();
    if (!read.ok() || read->abs() > Decimal(kAmountUnitsMax, kCents))
        refuse("2090", "Invalid number in " + std::string(name), std::string(name));
    return *read;
}

std::int64_t id_of(const JsonValue& reference) {
    const Result<Decimal> id = Decimal::parse(reference["value"].string_or({}));
    return id.ok() && id->scale() == 0 ? id->units() : 0;
}

class LineReader {
 public:
    LineReader(const Scene& scene, const std::string& old_json, TaxMode mode, std::int64_t us_code)
        : scene_(scene), mode_(mode), us_code_(us_code) {
        const Result<JsonValue> old = parse_json(old_json);
        if (!old.ok()) return;
        for (const JsonValue& line : old->items()) {
            const std::string id = line["Id"].string_or({});
            if (!id.empty()) known_.insert(id);
            last_id_ = std::max(last_id_, Decimal::parse(id).ok() ? Decimal::parse(id)->units() : 0);
        }
    }

    ReadLines read(const JsonValue& lines) {
        json_.array();
        for (const JsonValue& line : lines.items()) read_line(line);
        if (read_.count == 0) refuse("2250", "The transaction has no lines", "Line");
        json_.object().member("Amount", subtotal_).member("DetailType", "SubTotalLineDetail");
        json_.key("SubTotalLineDetail").object().close().close().close();
        read_.json = std::move(json_).take();
        return std::move(read_);
    }

 private:
    void read_line(const JsonValue& line) {
        check_members(line, kLineMembers);
        const std::string_view type = line["DetailType"].text();
        if (type == "SubTotalLineDetail") return;  // computed, whatever was sent
        if (type.empty()) refuse_missing("DetailType");
        if (type != "SalesItemLineDetail" && type != "DescriptionOnly")
            refuse("6090", "Lines of type " + std::string(type) + " are not played by this sandbox", "DetailType");
        start(line);
        if (type == "SalesItemLineDetail") {
            read_sales(line);
        } else {
            json_.member("DetailType", type).key("DescriptionLineDetail").object().close();
        }
        json_.close();
    }

    void start(const JsonValue& line) {
        std::string id = line["Id"].string_or({});
        if (!known_.contains(id)) id = std::to_string(++last_id_);
        json_.object().member("Id", id).member("LineNum", ++number_);
        const JsonValue& description = line["Description"];
        if (description.is_null()) return;
        const std::string text = description.string_or({});
        const std::size_t length = utf8_length(text).value_or(text.size());
        if (length > kDescriptionMax)
            refuse("2050",
                   "String length specified does not match the supported length. Min:0 Max:4000 supported. Supplied "
                   "length:" +
                       std::to_string(length),
                   "Description");
        json_.member("Description", text);
    }

    void read_sales(const JsonValue& line) {
        const JsonValue& detail = line["SalesItemLineDetail"];
        if (!detail.is_object()) refuse_missing("SalesItemLineDetail");
        check_members(detail, kDetailMembers);
        const std::optional<Decimal> amount = number(line, "Amount");
        if (!amount) refuse_missing("Amount");
        const Decimal cents = amount->rounded(kCents, kRounding);
        check_product(detail, *amount, cents);
        const Object* item = item_of(detail);
        json_.member("Amount", cents).member("DetailType", "SalesItemLineDetail").key("SalesItemLineDetail").object();
        if (item != nullptr) json_.member_raw("ItemRef", reference_json(std::to_string(item->id), item->key));
        for (const JsonMember& member : detail.members()) {
            if (member.name != "ItemRef" && member.name != "TaxCodeRef" && !member.value.is_null())
                json_.member_raw(member.name, write_json(member.value));
        }
        tax_line(detail, cents);
        json_.close();
        subtotal_ += cents;
        ++read_.count;
    }

    /// Amount against Qty × UnitPrice; compared as cents, rounded half away from zero (assumed).
    static void check_product(const JsonValue& detail, Decimal amount, Decimal cents) {
        const std::optional<Decimal> quantity = number(detail, "Qty");
        const std::optional<Decimal> price = number(detail, "UnitPrice");
        if (!quantity || !price) return;
        const Result<Decimal> product = multiply(*quantity, *price, kCents, kRounding);
        if (!product.ok() || *product != cents)
            refuse("6070", "Amount is not equal to UnitPrice * Qty. Supplied value:" + amount.to_string(), "Amount");
    }

    const Object* item_of(const JsonValue& detail) const {
        const JsonValue& reference = detail["ItemRef"];
        if (reference.is_null()) {
            if (detail["ItemAccountRef"].is_null()) refuse("6440", "A line has neither item nor account", "ItemRef");
            return nullptr;
        }
        const Object* item = scene_.company.find(Kind::item, id_of(reference));
        if (item == nullptr || !item->active)
            refuse_reference("ItemRef", "Item " + reference["value"].string_or({}) + " not found or inactive");
        return item;
    }

    void tax_line(const JsonValue& detail, Decimal cents) {
        const std::string code = detail["TaxCodeRef"]["value"].string_or({});
        if (mode_ == TaxMode::us) return us_tax_line(code, cents);
        if (!code.empty()) json_.member_raw("TaxCodeRef", reference_json(code, {}));
        if (mode_ == TaxMode::not_applicable) return read_.taxable.push_back({cents, 0});
        if (code.empty()) refuse("6000", "Each line needs a tax code", "TaxCodeRef");
        const std::int64_t id = id_of(detail["TaxCodeRef"]);
        if (!scene_.company.tax_codes.contains(id)) refuse_reference("TaxCodeRef", "TaxCode " + code + " not found");
        const std::optional<Decimal> gross = number(detail, "TaxInclusiveAmt");
        if (mode_ == TaxMode::inclusive && gross)
            return read_.taxable.push_back({gross->rounded(kCents, kRounding), id, true});
        // Prices without TaxInclusiveAmt are said to be before tax even then; the switch plays the other reading.
        const bool amount_is_gross = mode_ == TaxMode::inclusive && scene_.settings.inclusive_amount == "gross";
        read_.taxable.push_back({cents, id, amount_is_gross});
    }

    void us_tax_line(const std::string& code, Decimal cents) {
        if (!code.empty() && code != "TAX" && code != "NON")
            refuse("6100", "A line's tax code is TAX or NON in this company, not " + code, "TaxCodeRef");
        json_.member_raw("TaxCodeRef", reference_json(code.empty() ? "NON" : code, {}));
        read_.taxable.push_back({cents, code == "TAX" ? us_code_ : 0});
    }

    const Scene& scene_;
    TaxMode mode_;
    std::int64_t us_code_;
    std::set<std::string> known_;
    std::int64_t last_id_ = 0;
    int number_ = 0;
    Decimal subtotal_{0, kCents};
    JsonText json_;
    ReadLines read_;
};

}  // namespace

ReadLines read_lines(const Scene& scene, const JsonValue& lines, const std::string& old_json, TaxMode mode,
                     std::int64_t us_code) {
    return LineReader(scene, old_json, mode, us_code).read(lines);
}

std::string zeroed_lines(const std::string& json) {
    const Result<JsonValue> lines = parse_json(json);
    JsonText out;
    out.array();
    for (const JsonValue& line : lines->items()) {
        out.object();
        for (const JsonMember& member : line.members()) {
            out.key(member.name);
            if (member.name == "Amount") {
                out.value(0);
            } else if (member.name == "SalesItemLineDetail") {
                out.object();
                for (const JsonMember& part : member.value.members())
                    out.member_raw(part.name,
                                   part.name == "Qty" || part.name == "TaxInclusiveAmt" ? "0" : write_json(part.value));
                out.close();
            } else {
                out.raw(write_json(member.value));
            }
        }
        out.close();
    }
    out.close();
    return std::move(out).take();
}

}  // namespace spillway::sandbox::qbo
