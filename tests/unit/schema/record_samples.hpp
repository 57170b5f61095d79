#pragma once
// One full record of each kind, in canonical text: every member that the kind has.

#include <algorithm>
#include <string>

#include "schema/record_shape.hpp"

namespace spillway::samples {

inline const char* const kContact =
    R"({"name":"Blue Ltd","customer":true,"supplier":false,"email":"a@example.com","phone":"+44 20 7946 0000",)"
    R"("tax_number":"GB123456789","address":{"lines":["1 High St","Unit 2"],"city":"Leeds","region":"Yorkshire",)"
    R"("postal_code":"LS1 1AA","country":"GB"},"currency":"GBP","source_version":7})";

inline const char* const kItem =
    R"({"code":"85123A","name":"Heart holder","description":"White hanging heart","unit_price":2.555,"account":"sales",)"
    R"("tax_code":"standard","source_version":7})";

inline const char* const kLines =
    R"([{"item":"i-1","description":"Hearts","quantity":3,"unit_price":2.555,"amount":7.67,"account":"sales",)"
    R"("tax_code":"standard","tax":1.53},{"description":"Postage","quantity":1,"unit_price":5,"tax":1}])";

inline std::string document(const std::string& after_date, const std::string& at_end) {
    return R"({"contact":"c-1","number":"536365","date":"2010-12-01",)" + after_date +
           R"("currency":"GBP","amounts":"exclusive","lines":)" + kLines +
           R"(,"tax_total":2.53,"total":15.2,"reference":"PO 7","memo":"Thank you",)" + at_end +
           R"("source_version":7})";
}

inline std::string invoice() { return document(R"("due_date":"2010-12-31",)", ""); }
inline std::string credit_note() {
    return document("", R"("applies_to":[{"invoice":"inv-1","amount":10.2},{"invoice":"inv-2","amount":5}],)");
}

inline const char* const kPayment =
    R"({"contact":"c-1","date":"2010-12-05","currency":"GBP","amount":20,"applies_to":[{"invoice":"inv-1","amount":15.2}],)"
    R"("account":"bank","reference":"BACS","source_version":7})";

inline std::string of(RecordKind kind) {
    switch (kind) {
        case RecordKind::contact: return kContact;
        case RecordKind::item: return kItem;
        case RecordKind::invoice: return invoice();
        case RecordKind::credit_note: return credit_note();
        case RecordKind::payment: return kPayment;
    }
    return {};
}

inline constexpr RecordKind kKinds[] = {RecordKind::contact, RecordKind::item, RecordKind::invoice,
                                        RecordKind::credit_note, RecordKind::payment};

/// `text` with its first `from` turned into `to`; empty when `from` is not there, so that no test passes by accident.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    return at == std::string::npos ? std::string() : text.replace(at, from.size(), to);
}

/// A change to a sample that breaks its shape, and the error that it must bring.
struct Fault {
    RecordKind kind;
    std::string from;
    std::string to;
    const char* code;
    const char* pointer;
    bool by_schema = true;  ///< the JSON Schema refuses it too
};
const std::vector<Fault>& shape_faults();

}  // namespace spillway::samples
