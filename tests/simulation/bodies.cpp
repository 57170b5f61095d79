#include "tests/simulation/bodies.hpp"

#include "schema/json_text.hpp"

namespace spillway::test {

namespace {

void write_head(JsonText& json, const std::string& contact, const std::string& number) {
    json.object()
        .member("contact", contact)
        .member("number", number)
        .member("date", "2026-01-31")
        .member("currency", "GBP");
}

void write_line(JsonText& json, const std::string& item, const std::string& total) {
    json.member("amounts", "none").key("lines").array();
    json.object()
        .member("item", item)
        .member("description", "Goods")
        .member_raw("quantity", "1")
        .member_raw("unit_price", total)
        .close();
    json.close().member_raw("total", total);
}

void write_applied(JsonText& json, const std::vector<Applied>& applied) {
    json.key("applies_to").array();
    for (const auto& one : applied)
        json.object().member("invoice", one.invoice).member_raw("amount", one.amount).close();
    json.close();
}

}  // namespace

std::string a_document(const std::string& contact, const std::string& number, const std::string& item,
                       const std::string& total) {
    JsonText json;
    write_head(json, contact, number);
    write_line(json, item, total);
    return std::move(json.close()).take();
}

std::string a_credit_note(const std::string& contact, const std::string& number, const std::string& item,
                          const std::string& total, const std::vector<Applied>& applied) {
    JsonText json;
    write_head(json, contact, number);
    write_line(json, item, total);
    write_applied(json, applied);
    return std::move(json.close()).take();
}

std::string a_payment(const std::string& contact, const std::string& amount, const std::vector<Applied>& applied) {
    JsonText json;
    json.object()
        .member("contact", contact)
        .member("date", "2026-01-31")
        .member("currency", "GBP")
        .member_raw("amount", amount);
    write_applied(json, applied);
    return std::move(json.close()).take();
}

std::string with_source_version(const std::string& body, int version) {
    return body.substr(0, body.size() - 1) + R"(,"source_version":)" + std::to_string(version) + "}";
}

std::string a_contact(const std::string& name) {
    JsonText json;
    json.object().member("name", name).member("customer", true).close();
    return std::move(json).take();
}

std::string an_item(const std::string& code) {
    JsonText json;
    json.object().member("code", code).member("name", "Item " + code).close();
    return std::move(json).take();
}

}  // namespace spillway::test
