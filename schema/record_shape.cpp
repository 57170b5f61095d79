#include "schema/record_shape.hpp"

#include <array>

namespace spillway {
namespace {

constexpr Member text(std::string_view name, std::size_t max, bool required = false) {
    return {name, MemberType::text, required, 1, max};
}
constexpr Member plain(std::string_view name, MemberType type, bool required = false) { return {name, type, required}; }

constexpr bool kRequired = true;
constexpr std::size_t kNameMax = 255;
constexpr std::size_t kProseMax = 4'000;
constexpr std::size_t kWordMax = 128;  // the caller's words for accounts and tax codes
constexpr Member kSourceVersion = plain("source_version", MemberType::version);
constexpr Member kAppliesTo{"applies_to", MemberType::applications, false, 0, kApplicationsMax};

constexpr std::array kContact{
    text("name", kNameMax, kRequired),
    plain("customer", MemberType::boolean),
    plain("supplier", MemberType::boolean),
    text("email", kNameMax),
    text("phone", 64),
    text("tax_number", 64),
    plain("address", MemberType::address),
    plain("currency", MemberType::currency),
    kSourceVersion,
};

constexpr std::array kItem{
    text("code", kNameMax, kRequired),
    text("name", kNameMax, kRequired),
    text("description", kProseMax),
    plain("unit_price", MemberType::decimal),
    text("account", kWordMax),
    text("tax_code", kWordMax),
    kSourceVersion,
};

constexpr std::array kInvoice{
    text("contact", kExternalIdMax, kRequired),
    text("number", kNameMax, kRequired),
    plain("date", MemberType::date, kRequired),
    plain("due_date", MemberType::date),
    plain("currency", MemberType::currency, kRequired),
    plain("amounts", MemberType::amounts, kRequired),
    Member{"lines", MemberType::lines, kRequired, 1, kLinesMax},
    plain("tax_total", MemberType::decimal),
    plain("total", MemberType::decimal, kRequired),
    text("reference", kNameMax),
    text("memo", kProseMax),
    kSourceVersion,
};

/// An invoice without a due date and with what it settles.
constexpr auto kCreditNote = [] {
    auto members = kInvoice;
    for (Member& member : members)
        if (member.name == "due_date") member = kAppliesTo;
    return members;
}();

constexpr std::array kPayment{
    text("contact", kExternalIdMax, kRequired),
    plain("date", MemberType::date, kRequired),
    plain("currency", MemberType::currency, kRequired),
    plain("amount", MemberType::decimal, kRequired),
    kAppliesTo,
    text("account", kWordMax),
    text("reference", kNameMax),
    kSourceVersion,
};

constexpr std::array kAddress{
    Member{"lines", MemberType::texts, false, 0, 4},
    text("city", kNameMax),
    text("region", kNameMax),
    text("postal_code", 64),
    plain("country", MemberType::country),
};

constexpr std::array kLine{
    text("item", kExternalIdMax),
    text("description", kProseMax, kRequired),
    plain("quantity", MemberType::decimal, kRequired),
    plain("unit_price", MemberType::decimal, kRequired),
    plain("amount", MemberType::decimal),
    text("account", kWordMax),
    text("tax_code", kWordMax),
    plain("tax", MemberType::decimal),
};

constexpr std::array kApplication{
    text("invoice", kExternalIdMax, kRequired),
    plain("amount", MemberType::decimal, kRequired),
};

}  // namespace

std::string_view to_string(Shape shape) {
    switch (shape) {
        case Shape::contact: return "contact";
        case Shape::item: return "item";
        case Shape::invoice: return "invoice";
        case Shape::credit_note: return "credit_note";
        case Shape::payment: return "payment";
        case Shape::address: return "address";
        case Shape::line: return "line";
        case Shape::application: return "application";
    }
    return "";
}

Shape shape_of(RecordKind kind) {
    switch (kind) {
        case RecordKind::contact: return Shape::contact;
        case RecordKind::item: return Shape::item;
        case RecordKind::invoice: return Shape::invoice;
        case RecordKind::credit_note: return Shape::credit_note;
        case RecordKind::payment: return Shape::payment;
    }
    return Shape::contact;
}

std::span<const Member> members_of(Shape shape) {
    switch (shape) {
        case Shape::contact: return kContact;
        case Shape::item: return kItem;
        case Shape::invoice: return kInvoice;
        case Shape::credit_note: return kCreditNote;
        case Shape::payment: return kPayment;
        case Shape::address: return kAddress;
        case Shape::line: return kLine;
        case Shape::application: return kApplication;
    }
    return {};
}

const Member* member_of(Shape shape, std::string_view name) {
    for (const Member& member : members_of(shape))
        if (member.name == name) return &member;
    return nullptr;
}

}  // namespace spillway
