#pragma once
// The objects of the accounting API and their properties: names, shapes, longest texts, and which a query may filter
// by. Sources: Intuit's API reference per entity and the SDK's Finance.xsd; lengths that neither states are unbounded
// here.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spillway::sandbox::qbo {

/// Name lists first, then transactions, in the order in which a ledger depends on them.
enum class Kind {
    account,
    term,
    payment_method,
    tax_rate,
    tax_code,
    customer,
    vendor,
    employee,
    item,
    invoice,
    credit_memo,
    payment
};
inline constexpr std::size_t kKinds = 12;

enum class Shape {
    text,
    number,
    boolean,
    date,
    ref,        ///< {"value": "12", "name": "..."}
    any,        ///< kept as it was sent
    read_only,  ///< accepted in a request and ignored
};

struct Property {
    std::string_view name;
    Shape shape = Shape::any;
    std::size_t length_max = 0;  ///< characters; 0: no bound
    bool queryable = false;
};

struct KindInfo {
    Kind kind;
    std::string_view name;  ///< "CreditMemo"
    std::string_view path;  ///< "creditmemo"
    bool writable;
    std::string_view key;  ///< the property that an index serves: DisplayName, Name, DocNumber, PaymentRefNum
    std::span<const Property> properties;
};

const KindInfo& info(Kind kind);
/// By its word in a path or a query; case does not count (said to count in queries, yet lower case works).
const KindInfo* kind_by_name(std::string_view name);
/// Nothing for a property that the kind does not have.
const Property* find_property(const KindInfo& kind, std::string_view name);

inline bool is_transaction(Kind kind) { return kind >= Kind::invoice; }
inline bool is_document(Kind kind) { return kind == Kind::invoice || kind == Kind::credit_memo; }
/// Customers, vendors and employees share one name space and one sequence of ids.
inline bool is_person(Kind kind) { return kind == Kind::customer || kind == Kind::vendor || kind == Kind::employee; }

/// Lower case of ASCII letters: names are compared so (assumed).
std::string folded(std::string_view text);

}  // namespace spillway::sandbox::qbo
