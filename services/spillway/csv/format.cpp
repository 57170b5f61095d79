#include "services/spillway/csv/format.hpp"

#include <array>
#include <cstdio>

#include "formats.hpp"
#include "schema/json_value.hpp"

namespace spillway::csv {
namespace {

constexpr int kDueDaysMax = 3660;

/// Reads members of one object and remembers the first thing that is wrong.
class Members {
 public:
    Members(const JsonValue& object, std::string path, std::optional<Error>& error)
        : object_(object), path_(std::move(path)), error_(error) {
        if (!object.is_object()) fail("", "wrong_type", "must be an object");
    }

    void text(std::string_view name, std::string& out, bool required = true) {
        const JsonValue* value = take(name, required);
        if (value == nullptr) return;
        if (!value->is_string() || value->text().empty()) return fail(name, "wrong_type", "must be a text");
        out = value->text();
    }
    void flag(std::string_view name, bool& out) {
        const JsonValue* value = take(name, false);
        if (value == nullptr) return;
        if (!value->is_boolean()) return fail(name, "wrong_type", "must be true or false");
        out = value->bool_or(out);
    }
    /// One of several words.
    template <class T, std::size_t N>
    void word(std::string_view name, T& out, const std::array<std::pair<std::string_view, T>, N>& words) {
        const JsonValue* value = take(name, false);
        if (value == nullptr) return;
        for (const auto& [word, meaning] : words)
            if (value->is_string() && value->text() == word) return void(out = meaning);
        std::string choice;
        for (const auto& entry : words) choice += (choice.empty() ? "" : ", ") + std::string(entry.first);
        fail(name, "bad_word", "must be one of " + choice);
    }
    const JsonValue* take(std::string_view name, bool required) {
        known_.emplace_back(name);
        const JsonValue* value = object_.find(name);
        if (value == nullptr && required) fail(name, "missing_member", "a member is missing");
        return value;
    }
    void fail(std::string_view name, const char* code, const std::string& detail) {
        const std::string at = name.empty() ? path_ : pointer_to(path_, name);
        if (!error_) error_ = invalid(code, "mapping file " + (at.empty() ? "" : at + ": ") + detail, at);
    }
    /// Call last: a member that nobody asked for is a typing error.
    void refuse_others() {
        for (const JsonMember& member : object_.members())
            if (std::ranges::find(known_, member.name) == known_.end())
                fail(member.name, "unknown_member", "there is no such member");
    }
    [[nodiscard]] std::string at(std::string_view name) const { return pointer_to(path_, name); }

 private:
    const JsonValue& object_;
    std::string path_;
    std::optional<Error>& error_;
    std::vector<std::string> known_;
};

void fill_columns(Members from, Columns& columns) {
    from.text("document", columns.document);
    from.text("item", columns.item);
    from.text("description", columns.description);
    from.text("quantity", columns.quantity);
    from.text("date", columns.date);
    from.text("unit_price", columns.unit_price);
    from.text("customer", columns.customer);
    std::string country;
    from.text("country", country, /*required=*/false);
    if (!country.empty()) columns.country = country;
    from.refuse_others();
}

void fill_rules(Members from, Rules& rules) {
    using ActionWord = std::pair<std::string_view, Action>;
    using Choice = std::pair<std::string_view, bool>;
    constexpr std::array<ActionWord, 3> kActions{
        {{"keep", Action::keep}, {"drop", Action::drop}, {"refuse", Action::refuse}}};
    constexpr std::array<Choice, 2> kNoCustomer{{{"cash_sales", true}, {"refuse", false}}};
    constexpr std::array<Choice, 2> kNegative{{{"credit_note", true}, {"refuse", false}}};
    from.word("zero_price", rules.zero_price, kActions);
    from.word("write_off", rules.write_off, kActions);
    from.word("no_customer", rules.cash_sales, kNoCustomer);
    from.word("negative_total", rules.negative_total_is_credit_note, kNegative);
    from.flag("customer_id_decimal", rules.customer_id_decimal);
    from.flag("item_code_ignores_case", rules.item_code_ignores_case);
    from.refuse_others();
}

void fill_cash_sales(Members from, Format& format) {
    from.text("id", format.cash_sales_id);
    from.text("name", format.cash_sales_name);
    from.refuse_others();
}

void fill_countries(Members& from, Format& format) {
    const JsonValue* countries = from.take("countries", false);
    if (countries == nullptr) return;
    if (!countries->is_object()) return from.fail("countries", "wrong_type", "must be an object");
    for (const JsonMember& member : countries->members()) {
        const std::string_view code = member.value.text();
        const bool two_letters =
            code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
        if (!two_letters) return from.fail("countries", "bad_country", member.name + ": two upper-case letters");
        format.countries[member.name] = code;
    }
}

void fill_not_stock(Members& from, Format& format) {
    const JsonValue* codes = from.take("not_stock", false);
    if (codes == nullptr) return;
    if (!codes->is_array()) return from.fail("not_stock", "wrong_type", "must be an array of codes");
    for (const JsonValue& code : codes->items()) format.not_stock.insert(code.string_or(""));
}

void fill_money(Members& from, Format& format) {
    constexpr std::array<std::pair<std::string_view, Amounts>, 1> kAmounts{{{"none", Amounts::none}}};
    std::string currency;
    from.text("currency", currency);
    if (const Result<Currency> read = Currency::parse(currency); read.ok())
        format.currency = *read;
    else
        from.fail("currency", "bad_currency", "must be an ISO 4217 code");
    from.word("amounts", format.amounts, kAmounts);
    const JsonValue* days = from.take("due_days", false);
    if (days == nullptr) return;
    const Result<std::int64_t> count = days->as_int64();
    if (!count.ok() || *count < 0 || *count > kDueDaysMax)
        return from.fail("due_days", "bad_number", "must be a number of days from 0");
    format.due_days = static_cast<int>(*count);
}

void fill_format(const JsonValue& json, Format& format, std::optional<Error>& error) {
    Members from(json, "", error);
    from.text("name", format.name);
    if (const JsonValue* columns = from.take("columns", true))
        fill_columns(Members(*columns, "/columns", error), format.columns);
    from.text("date_format", format.date_format);
    fill_money(from, format);
    from.text("credit_note_prefix", format.credit_note_prefix, /*required=*/false);
    from.text("contact_name", format.contact_name, /*required=*/false);
    if (format.contact_name.find("{id}") == std::string::npos)
        from.fail("contact_name", "bad_word", "must contain {id}");
    if (const JsonValue* cash = from.take("cash_sales", false))
        fill_cash_sales(Members(*cash, "/cash_sales", error), format);
    fill_countries(from, format);
    fill_not_stock(from, format);
    if (const JsonValue* rules = from.take("rules", false)) fill_rules(Members(*rules, "/rules", error), format.rules);
    from.take("description", false);  // for people
    from.refuse_others();
}

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits of one token off the text; nothing when they are not as many as the token says.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
    std::size_t count = 0;
    int value = 0;
    const std::size_t most = width == 1 ? 2 : width;
    while (count < most && count < text.size() && is_digit(text[count])) value = value * 10 + (text[count++] - '0');
    if (count < width) return std::nullopt;
    text.remove_prefix(count);
    return value;
}

}  // namespace

Result<Format> read_format(std::string_view text) {
    const Result<JsonValue> json = parse_json(text);
    if (!json.ok()) {
        Error error = json.error();
        error.detail = "the mapping file is no JSON: " + error.detail;
        return error;
    }
    Format format;
    std::optional<Error> error;
    fill_format(*json, format, error);
    if (error) return *std::move(error);
    return format;
}

std::optional<std::string_view> built_in_format(std::string_view name) {
    for (const auto& [file, text] : embedded::formats)
        if (file == std::string(name) + ".json") return text;
    return std::nullopt;
}

Result<Date> read_date(std::string_view pattern, std::string_view text) {
    const Error bad = invalid("bad_date", "'" + std::string(text) + "' is no date of the form " + std::string(pattern));
    int year = -1, month = -1, day = -1, hour = 0, minute = 0, second = 0;
    while (!pattern.empty()) {
        const char token = pattern.front();
        int* const part = token == 'Y'   ? &year
                          : token == 'M' ? &month
                          : token == 'D' ? &day
                          : token == 'h' ? &hour
                          : token == 'm' ? &minute
                          : token == 's' ? &second
                                         : nullptr;
        if (part == nullptr) {
            if (!text.starts_with(token)) return bad;
            pattern.remove_prefix(1);
            text.remove_prefix(1);
            continue;
        }
        const std::size_t width = std::min(pattern.find_first_not_of(token), pattern.size());
        const std::optional<int> value = take_digits(text, width);
        if (!value) return bad;
        *part = *value;
        pattern.remove_prefix(width);
    }
    if (!text.empty() || hour > 23 || minute > 59 || second > 60 || year < 0 || month < 0 || day < 0) return bad;
    std::array<char, 16> plain{};
    std::snprintf(plain.data(), plain.size(), "%04d-%02d-%02d", year % 10'000, month % 100, day % 100);
    Result<Date> date = Date::parse(plain.data());
    if (!date.ok()) return bad;
    return date;
}

}  // namespace spillway::csv
