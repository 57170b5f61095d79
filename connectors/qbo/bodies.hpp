#pragma once
// Canonical records as QuickBooks Online's JSON: exact texts, only the fields that we own.

#include <string>

#include "connectors/provider.hpp"
#include "connectors/qbo/coding.hpp"

namespace spillway::qbo {

/// What a body is written for: a new object, or the object with that id at that version.
struct Target {
    Verb verb = Verb::create;
    std::string id, version;
    bool reactivate = false;     ///< the object is inactive and is to be used again
    std::string current_note{};  ///< PrivateNote as it stands, for updates
};

std::string contact_body(const Contact& contact, const std::string& name, bool vendor, const Target& target);
/// Longest description of an item (API reference of Item).
inline constexpr std::size_t kItemDescriptionMax = 4000;
/// Longest fraction that an amount or price may carry (API reference: 15 digits, 5 of them decimals).
inline constexpr int kPlacesMax = 5;
/// An item's name and, where it says more, its description.
std::string item_description(const Item& item);
std::string item_body(const Item& item, const std::string& income_account, const Target& target);

struct DocumentParts {
    const Document& document;
    const CodedDocument& coded;
    std::string customer_id;
    std::string note;
    bool us = false;
    bool with_due_date = false;
};
std::string document_body(const DocumentParts& parts, const Target& target);

/// One linked document of a payment.
struct Linked {
    std::string entity, id;
    Decimal amount;
};
struct PaymentParts {
    std::string customer_id, marker, note, account;  ///< account: empty for an allocation
    Date date;
    Currency currency;
    Decimal total;  ///< zero for an allocation
    std::vector<Linked> lines;
};
std::string payment_body(const PaymentParts& parts);

/// `{"Id":…,"SyncToken":…}` for delete and void; name lists: Active=false.
std::string ending_body(std::string_view entity, const Target& target);

/// PrivateNote: memo, reference, tag, a line each.
std::string note_of(const std::optional<std::string>& memo, const std::optional<std::string>& reference,
                    const std::string& tag);
/// The note for an update: what people added behind our tag stays, what stands before it is ours; empty when the
/// current note has ours already.
std::string updated_note(const std::string& ours, const std::string& current, const std::string& tag);

}  // namespace spillway::qbo
