// Round trips of what the caller keeps: mappings, books and prepared objects as JSON.
#include "connectors/provider.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"

namespace spillway {
namespace {

constexpr std::array<std::pair<Verb, std::string_view>, 4> kVerbs{
    {{Verb::create, "create"}, {Verb::update, "update"}, {Verb::void_, "void"}, {Verb::remove, "remove"}}};

// Reads members one by one and keeps the first problem, so that each reader below is a list of its members.
class Members {
 public:
    Members(const JsonValue& object, std::string pointer) : object_(object), pointer_(std::move(pointer)) {
        if (!object.is_object()) fail(invalid("wrong_type", "an object is needed", pointer_));
    }

    /// Refuses members that are not in `names`.
    void only(std::initializer_list<std::string_view> names) {
        for (const JsonMember& member : object_.members())
            if (std::find(names.begin(), names.end(), member.name) == names.end())
                fail(invalid("unknown_member", "not a member of this object: " + member.name, at(member.name)));
    }
    void text(std::string_view name, std::string& out) {
        if (const JsonValue* value = present(name)) take(name, value->as_string(), out);
    }
    void decimal(std::string_view name, Decimal& out) {
        if (const JsonValue* value = present(name)) take(name, value->as_decimal(), out);
    }
    void decimal(std::string_view name, std::optional<Decimal>& out) {
        if (!present(name)) return;
        decimal(name, out.emplace());
    }
    void boolean(std::string_view name, bool& out) {
        if (const JsonValue* value = present(name)) take(name, value->as_bool(), out);
    }
    void date(std::string_view name, std::optional<Date>& out) {
        const JsonValue* value = present(name);
        if (!value) return;
        take(name, Date::parse(value->text()), out.emplace());
    }
    void words(std::string_view name, std::map<std::string, std::string>& out) {
        const JsonValue* value = present(name);
        if (!value) return;
        if (!value->is_object()) return fail(invalid("wrong_type", "an object of strings is needed", at(name)));
        for (const JsonMember& member : value->members()) {
            if (!member.value.is_string())
                return fail(invalid("wrong_type", "a string is needed", pointer_to(at(name), member.name)));
            out[member.name] = std::string(member.value.text());
        }
    }
    void fail(Error error) {
        if (!problem_) problem_ = std::move(error);
    }
    template <class T>
    Result<T> finish(T value) {
        if (problem_) return *problem_;
        return value;
    }
    [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }
    [[nodiscard]] std::string at(std::string_view name) const { return pointer_to(pointer_, name); }

 private:
    const JsonValue* present(std::string_view name) const {
        const JsonValue* value = object_.find(name);
        return value && !value->is_null() ? value : nullptr;
    }
    template <class T>
    void take(std::string_view name, Result<T> read, T& out) {
        if (read) {
            out = std::move(*read);
            return;
        }
        Error error = read.error();
        error.pointer = at(name);
        fail(std::move(error));
    }

    const JsonValue& object_;
    std::string pointer_;
    std::optional<Error> problem_;
};

void put_words(JsonText& json, std::string_view name, const std::map<std::string, std::string>& words) {
    json.key(name).object();
    for (const auto& [word, code] : words) json.member(word, code);
    json.close();
}

void put_date(JsonText& json, std::string_view name, const std::optional<Date>& date) {
    if (date) json.member(name, date->to_string());
}

Result<Account> read_account(const JsonValue& value, std::string pointer) {
    Account account;
    Members members(value, std::move(pointer));
    members.text("id", account.id);
    members.text("code", account.code);
    members.text("name", account.name);
    members.text("type", account.type);
    members.boolean("active", account.active);
    members.boolean("takes_sales", account.takes_sales);
    members.boolean("takes_payments", account.takes_payments);
    return members.finish(std::move(account));
}

Result<TaxRate> read_tax_rate(const JsonValue& value, std::string pointer) {
    TaxRate rate;
    Members members(value, std::move(pointer));
    members.text("code", rate.code);
    members.text("name", rate.name);
    members.decimal("percent", rate.percent);
    members.boolean("active", rate.active);
    members.boolean("for_sales", rate.for_sales);
    return members.finish(std::move(rate));
}

template <class T, class Read>
void read_list(Members& members, const JsonValue& list, std::string_view name, Read read, std::vector<T>& out) {
    for (std::size_t i = 0; i < list.items().size(); ++i) {
        Result<T> one = read(list.items()[i], pointer_to(members.at(name), i));
        if (!one) return members.fail(one.error());
        out.push_back(std::move(*one));
    }
}

}  // namespace

std::string_view to_string(Verb verb) {
    for (const auto& [known, word] : kVerbs)
        if (known == verb) return word;
    return "";
}

std::optional<Verb> verb_from(std::string_view word) {
    for (const auto& [verb, known] : kVerbs)
        if (known == word) return verb;
    return std::nullopt;
}

std::string write_mapping(const Mapping& mapping) {
    JsonText json;
    json.object()
        .member("sales_account", mapping.sales_account)
        .member("payment_account", mapping.payment_account)
        .member("tax_code", mapping.tax_code);
    put_words(json, "accounts", mapping.accounts);
    put_words(json, "tax_codes", mapping.tax_codes);
    json.member("rounding_bound", mapping.rounding_bound).member("document_status", mapping.document_status).close();
    return std::move(json).take();
}

Result<Mapping> read_mapping(std::string_view text) {
    const Result<JsonValue> parsed = parse_json(text, {.bytes_max = 1u << 20});
    if (!parsed) return parsed.error();
    Mapping mapping;
    Members members(*parsed, "");
    members.only(
        {"sales_account", "payment_account", "tax_code", "accounts", "tax_codes", "rounding_bound", "document_status"});
    members.text("sales_account", mapping.sales_account);
    members.text("payment_account", mapping.payment_account);
    members.text("tax_code", mapping.tax_code);
    members.words("accounts", mapping.accounts);
    members.words("tax_codes", mapping.tax_codes);
    members.decimal("rounding_bound", mapping.rounding_bound);
    members.text("document_status", mapping.document_status);
    if (mapping.rounding_bound.is_negative())
        members.fail(invalid("out_of_range", "the bound is zero or more", "/rounding_bound"));
    if (mapping.document_status != "authorised" && mapping.document_status != "draft")
        members.fail(invalid("unknown_word", "\"authorised\" or \"draft\"", "/document_status"));
    return members.finish(std::move(mapping));
}

std::string write_books(const Books& books) {
    JsonText json;
    json.object()
        .member("tenant_id", books.tenant_id)
        .member("name", books.name)
        .member("base_currency", books.base_currency.code)
        .member("country", books.country);
    put_date(json, "locked_until", books.locked_until);
    json.member("custom_numbers", books.custom_numbers).member("us_sales_tax", books.us_sales_tax);
    json.key("accounts").array();
    for (const Account& account : books.accounts)
        json.object()
            .member("id", account.id)
            .member("code", account.code)
            .member("name", account.name)
            .member("type", account.type)
            .member("active", account.active)
            .member("takes_sales", account.takes_sales)
            .member("takes_payments", account.takes_payments)
            .close();
    json.close().key("tax_rates").array();
    for (const TaxRate& rate : books.tax_rates)
        json.object()
            .member("code", rate.code)
            .member("name", rate.name)
            .member("percent", rate.percent)
            .member("active", rate.active)
            .member("for_sales", rate.for_sales)
            .close();
    json.close().close();
    return std::move(json).take();
}

Result<Books> read_books_text(std::string_view text) {
    const Result<JsonValue> parsed = parse_json(text);
    if (!parsed) return parsed.error();
    Books books;
    Members members(*parsed, "");
    members.text("tenant_id", books.tenant_id);
    members.text("name", books.name);
    members.text("base_currency", books.base_currency.code);
    members.text("country", books.country);
    members.date("locked_until", books.locked_until);
    members.boolean("custom_numbers", books.custom_numbers);
    members.boolean("us_sales_tax", books.us_sales_tax);
    read_list(members, (*parsed)["accounts"], "accounts", read_account, books.accounts);
    read_list(members, (*parsed)["tax_rates"], "tax_rates", read_tax_rate, books.tax_rates);
    return members.finish(std::move(books));
}

std::string write_object(const PreparedObject& object) {
    JsonText json;
    json.object()
        .member("verb", to_string(object.verb))
        .member("role", object.role)
        .member("entity", object.entity)
        .member("body", object.body)
        .member("marker", object.marker)
        .member("provider_id", object.provider_id)
        .member("provider_version", object.provider_version)
        .member("counterparty", object.counterparty)
        .member("total", object.total);
    put_date(json, "date", object.date);
    json.member("extra", object.extra).close();
    return std::move(json).take();
}

Result<PreparedObject> read_object(std::string_view text) {
    const Result<JsonValue> parsed = parse_json(text);
    if (!parsed) return parsed.error();
    PreparedObject object;
    Members members(*parsed, "");
    std::string verb;
    members.text("verb", verb);
    if (const auto known = verb_from(verb))
        object.verb = *known;
    else
        members.fail(invalid("unknown_word", "not a verb", "/verb"));
    members.text("role", object.role);
    members.text("entity", object.entity);
    members.text("body", object.body);
    members.text("marker", object.marker);
    members.text("provider_id", object.provider_id);
    members.text("provider_version", object.provider_version);
    members.text("counterparty", object.counterparty);
    members.decimal("total", object.total);
    members.date("date", object.date);
    members.text("extra", object.extra);
    return members.finish(std::move(object));
}

}  // namespace spillway
