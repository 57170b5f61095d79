#pragma once
// One company's books: its objects by kind and id, and the indexes that make look-ups cheap with thousands of
// documents.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/clock.hpp"
#include "schema/date.hpp"
#include "schema/decimal.hpp"
#include "schema/runtime/http_message.hpp"
#include "services/sandbox/qbo/properties.hpp"

namespace spillway::sandbox::qbo {

/// A property as it was sent and accepted: its JSON text.
struct Field {
    const Property* property;
    std::string json;
    bool operator==(const Field&) const = default;
};

/// A payment's line: how much of it goes to (invoice) or comes from (credit memo) a document.
struct AppliedLine {
    Kind kind;
    std::int64_t id;
    Decimal amount;
    bool operator==(const AppliedLine&) const = default;
};

struct Object {
    Kind kind;
    std::int64_t id = 0;
    std::int64_t sync_token = 0;
    WallTime created{}, updated{};
    std::vector<Field> fields{};  ///< writable properties, in the order of the property table's first use
    std::string key{};            ///< DisplayName, Name, DocNumber or PaymentRefNum; empty: none
    bool active = true, voided = false;

    // Transactions
    std::int64_t customer = 0;
    Date date{};
    Decimal net{}, tax{}, total{};
    Decimal open{};  ///< Balance of an invoice, RemainingCredit of a credit memo, UnappliedAmt of a payment
    std::string lines_json{}, tax_json{};  ///< "Line" and "TxnTaxDetail" as answered
    int line_count = 0;                    ///< sales lines
    std::vector<AppliedLine> applied{};    ///< of a payment
    std::vector<std::int64_t> payments{};  ///< of a document: the payments that are linked to it

    [[nodiscard]] const std::string* field(std::string_view name) const;
    /// Replaces, adds, or with an empty text removes.
    void set_field(const Property* property, std::string json);
};

struct TaxCodeRates {
    std::string name;
    std::vector<std::pair<std::int64_t, Decimal>> rates;  ///< TaxRate id and percent
};

struct Tombstone {
    Kind kind;
    std::int64_t id;
    WallTime when;
};

/// An answer remembered for a requestid.
struct Remembered {
    WallTime when;
    int status = 200;
    bool failed = false;
    std::string json;  ///< `"Invoice":{...}` or `"Fault":{...}`: the member that an answer or a batch item holds
};

struct Company {
    std::string realm, name, country, currency;
    bool us = false;
    bool multi_currency = false;
    bool custom_txn_numbers = true;
    std::optional<Date> book_close_date{};
    std::string subscription_status = "SUBSCRIBED";
    bool lapsed_plan_answers_200 = false;

    std::unordered_map<std::int64_t, TaxCodeRates> tax_codes;
    std::vector<Tombstone> tombstones;
    std::unordered_map<std::string, Remembered> remembered;

    Object* find(Kind kind, std::int64_t id);
    [[nodiscard]] const Object* find(Kind kind, std::int64_t id) const;
    /// All of a kind, by id.
    [[nodiscard]] const std::map<std::int64_t, Object>& all(Kind kind) const { return rows_[index(kind)]; }
    /// Ids of the objects whose key equals `key` without regard to case.
    [[nodiscard]] std::vector<std::int64_t> by_key(Kind kind, std::string_view key) const;
    [[nodiscard]] const std::vector<std::int64_t>& by_customer(Kind kind, std::int64_t customer) const;

    std::int64_t next_id(Kind kind);
    std::int64_t next_doc_number() { return ++last_doc_number_; }
    /// Puts an object in, in place of the one with its id.
    void put(Object object);
    void erase(Kind kind, std::int64_t id, WallTime when);

 private:
    static std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }
    void unindex(const Object& object);

    std::array<std::map<std::int64_t, Object>, kKinds> rows_;
    std::array<std::unordered_multimap<std::string, std::int64_t>, kKinds> keys_;
    std::array<std::unordered_map<std::int64_t, std::vector<std::int64_t>>, kKinds> customers_;
    std::array<std::int64_t, kKinds> last_ids_{};
    std::int64_t last_doc_number_ = 1000;
};

/// The name of a person, item or account; the number of a document.
std::string text_field(const Object& object, std::string_view name);

}  // namespace spillway::sandbox::qbo
