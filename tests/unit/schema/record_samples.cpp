#include "record_samples.hpp"

namespace spillway::samples {

const std::vector<Fault>& shape_faults() {
    using enum RecordKind;
    static const std::string kLong4001(4001, 'x');
    static const std::string kDeep = std::string(20, '[') + std::string(20, ']');
    static const std::vector<Fault> kFaults = {
        // whole texts
        {contact, kContact, "", "bad_json", "", false},
        {contact, kContact, "[]", "wrong_type", ""},
        {contact, kContact, "null", "wrong_type", ""},
        {contact, kContact, "\"x\"", "wrong_type", ""},
        {contact, "}", "", "bad_json", "", false},
        // members
        {contact, R"("email")", R"("e-mail")", "unknown_member", "/e-mail"},
        {contact, R"("email")", R"("Email")", "unknown_member", "/Email"},
        {contact, R"("city")", R"("town")", "unknown_member", "/address/town"},
        {invoice, R"("quantity")", R"("qty")", "unknown_member", "/lines/0/qty"},
        {invoice, R"("due_date":"2010-12-31",)", R"("applies_to":[],)", "unknown_member", "/applies_to"},
        {credit_note, R"("currency")", R"("due_date":"2010-12-31","currency")", "unknown_member", "/due_date"},
        {invoice, R"("description":"Postage",)", "", "missing_member", "/lines/1/description"},
        {invoice, R"("quantity":1,)", "", "missing_member", "/lines/1/quantity"},
        {invoice, R"("amounts":"exclusive",)", "", "missing_member", "/amounts"},
        {invoice, R"("tax_total":2.53,)", "", "missing_member", "/tax_total"},
        {invoice, R"("total":15.2,)", "", "missing_member", "/total"},
        {payment, R"({"invoice":"inv-1",)", "{", "missing_member", "/applies_to/0/invoice"},
        {item, R"("name":"Heart holder",)", "", "missing_member", "/name"},
        {contact, R"("email":)", R"("name":"x","email":)", "duplicate_member", "/name", false},
        {invoice, R"("unit_price":5)", R"("unit_price":5,"unit_price":5)", "duplicate_member", "/lines/1/unit_price",
         false},
        // types
        {contact, R"("Blue Ltd")", "5", "wrong_type", "/name"},
        {contact, R"("Blue Ltd")", "null", "wrong_type", "/name"},
        {contact, R"("customer":true)", R"("customer":"true")", "wrong_type", "/customer"},
        {contact, R"("customer":true)", R"("customer":1)", "wrong_type", "/customer"},
        {contact, R"("email":"a@example.com")", R"("email":null)", "wrong_type", "/email"},
        {contact, R"(["1 High St","Unit 2"])", R"("1 High St")", "wrong_type", "/address/lines"},
        {contact, R"("Unit 2")", "2", "wrong_type", "/address/lines/1"},
        {contact, R"("currency":"GBP")", R"("currency":5)", "wrong_type", "/currency"},
        {contact, R"("country":"GB")", R"("country":44)", "wrong_type", "/address/country"},
        {invoice, R"("2010-12-01")", "20101201", "wrong_type", "/date"},
        {invoice, R"("exclusive")", "true", "wrong_type", "/amounts"},
        {invoice, R"("quantity":3)", R"("quantity":true)", "wrong_type", "/lines/0/quantity"},
        {invoice, R"("quantity":3)", R"("quantity":[3])", "wrong_type", "/lines/0/quantity"},
        {payment, R"({"invoice":"inv-1","amount":15.2})", R"("inv-1")", "wrong_type", "/applies_to/0"},
        {payment, R"([{"invoice":"inv-1","amount":15.2}])", "{}", "wrong_type", "/applies_to"},
        {contact, R"(["1 High St","Unit 2"])", kDeep, "json_too_deep", "/address/lines/0/0/0/0/0/0/0/0/0/0/0/0/0/0"},
        // versions
        {item, R"("source_version":7)", R"("source_version":"7")", "wrong_type", "/source_version"},
        {item, R"("source_version":7)", R"("source_version":7.5)", "wrong_type", "/source_version"},
        {item, R"("source_version":7)", R"("source_version":-1)", "bad_version", "/source_version"},
        {item, R"("source_version":7)", R"("source_version":9223372036854775808)", "decimal_too_large",
         "/source_version"},
        // texts
        {contact, "Blue Ltd", "", "text_empty", "/name"},
        {contact, "a@example.com", "", "text_empty", "/email"},
        {contact, "Unit 2", "", "text_empty", "/address/lines/1"},
        {invoice, "Hearts", "", "text_empty", "/lines/0/description"},
        {invoice, "Hearts", kLong4001, "text_too_long", "/lines/0/description"},
        {payment, "BACS", std::string(256, 'x'), "text_too_long", "/reference"},
        {payment, "c-1", std::string(129, 'x'), "text_too_long", "/contact"},
        {contact, "Blue", "Bl\\u0000ue", "bad_character", "/name"},
        {contact, "Blue", "Bl\\rue", "bad_character", "/name"},
        {contact, "Blue", "Bl\\u001bue", "bad_character", "/name"},
        {contact, "Blue", "Bl\\u007fue", "bad_character", "/name"},
        {contact, "Blue", "Bl\\u0085ue", "bad_character", "/name"},
        {contact, "Blue", "Bl\xFFue", "bad_json", "/name", false},
        {contact, "Blue", "Bl\\ud800ue", "bad_json", "/name", false},
        // words and numbers
        {contact, R"("GBP")", R"("gbp")", "bad_currency", "/currency"},
        {contact, R"("GBP")", R"("XXX")", "bad_currency", "/currency", false},
        {contact, R"("country":"GB")", R"("country":"gb")", "bad_country", "/address/country"},
        {contact, R"("country":"GB")", R"("country":"GBR")", "bad_country", "/address/country"},
        {invoice, "2010-12-01", "2010-12-32", "bad_date", "/date", false},
        {invoice, "2010-12-31", "31.12.2010", "bad_date", "/due_date"},
        {invoice, R"("exclusive")", R"("gross")", "bad_choice", "/amounts"},
        {invoice, R"("quantity":3)", R"("quantity":"three")", "bad_decimal", "/lines/0/quantity"},
        {invoice, R"("quantity":3)", R"("quantity":"3e0")", "bad_decimal", "/lines/0/quantity"},
        {invoice, R"("quantity":3)", R"("quantity":"")", "bad_decimal", "/lines/0/quantity"},
        {invoice, R"("quantity":3)", R"("quantity":3.00000000001)", "decimal_too_precise", "/lines/0/quantity", false},
        {invoice, R"("quantity":3)", R"("quantity":1e30)", "decimal_too_large", "/lines/0/quantity", false},
        {invoice, R"("quantity":3)", R"("quantity":1e999)", "decimal_too_large", "/lines/0/quantity", false},
        // counts
        {invoice, kLines, "[]", "too_few_elements", "/lines"},
        {contact, R"(["1 High St","Unit 2"])", R"(["1","2","3","4","5"])", "too_many_elements", "/address/lines"},
    };
    return kFaults;
}

}  // namespace spillway::samples
