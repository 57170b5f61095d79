// The strict reader. Shapes (names, required members, lengths) come from record_shape; what the members mean is here.
#include "schema/record_json.hpp"

#include "schema/assert.hpp"
#include "schema/json_value.hpp"
#include "schema/record_rules.hpp"
#include "schema/record_shape.hpp"
#include "schema/utf8.hpp"

namespace spillway {
namespace {

/// Reads the members of one object. The first error wins and is kept at `error`; later reads then change nothing that
/// counts. read() leaves its target as it is when the member is absent: required ones were checked at construction.
class ObjectReader {
 public:
    ObjectReader(const JsonValue& object, Shape shape, std::string path, std::optional<Error>& error);

    [[nodiscard]] bool has(std::string_view name) const { return object_.find(name) != nullptr; }

    void read(std::string_view name, std::string& out);
    void read(std::string_view name, Decimal& out);
    void read(std::string_view name, Date& out);
    void read(std::string_view name, Currency& out);
    void read(std::string_view name, bool& out);
    void read(std::string_view name, std::int64_t& out);
    void read(std::string_view name, Amounts& out);
    void read(std::string_view name, Address& out);
    void read(std::string_view name, std::vector<std::string>& out);
    template <class T>
    void read(std::string_view name, std::vector<T>& out);
    template <class T>
    void read(std::string_view name, std::optional<T>& out) {
        if (has(name)) read(name, out.emplace());
    }
    void read_country(std::string_view name, std::optional<std::string>& out);
    void fail(std::string_view name, std::string code, std::string detail);

 private:
    /// Null pointer when absent or already failed.
    const JsonValue* find(std::string_view name) const { return error_ ? nullptr : object_.find(name); }
    const Member& rule(std::string_view name) const;
    void fail_at(std::string pointer, Error error);
    std::string checked_text(const JsonValue& value, const std::string& pointer, std::size_t min, std::size_t max);
    const std::vector<JsonValue>* elements(std::string_view name);

    const JsonValue& object_;
    const Shape shape_;
    const std::string path_;
    std::optional<Error>& error_;
};

ObjectReader::ObjectReader(const JsonValue& object, Shape shape, std::string path, std::optional<Error>& error)
    : object_(object), shape_(shape), path_(std::move(path)), error_(error) {
    if (error_) return;
    if (!object.is_object()) {
        fail_at(path_, invalid("wrong_type", "expected object, found " + std::string(to_string(object.type()))));
        return;
    }
    for (const JsonMember& member : object.members())
        if (!member_of(shape, member.name))
            fail(member.name, "unknown_member", std::string(to_string(shape)) + " has no such member");
    for (const Member& member : members_of(shape))
        if (member.required && !has(member.name)) fail(member.name, "missing_member", "this member is required");
}

const Member& ObjectReader::rule(std::string_view name) const {
    const Member* member = member_of(shape_, name);
    SPILLWAY_ASSERT(member != nullptr);
    return *member;
}

void ObjectReader::fail_at(std::string pointer, Error error) {
    if (error_) return;
    error.pointer = std::move(pointer);
    error_ = std::move(error);
}

void ObjectReader::fail(std::string_view name, std::string code, std::string detail) {
    fail_at(pointer_to(path_, name), invalid(std::move(code), std::move(detail)));
}

std::string ObjectReader::checked_text(const JsonValue& value, const std::string& pointer, std::size_t min,
                                       std::size_t max) {
    Result<std::string> text = value.as_string();
    if (!text) return fail_at(pointer, text.error()), std::string();
    std::size_t count = 0;
    for (std::string_view rest = *text; !rest.empty(); ++count) {
        const auto character = first_character(rest);
        if (!character) return fail_at(pointer, invalid("bad_json", "not UTF-8")), std::string();
        if (is_refused_control(character->code_point))
            return fail_at(pointer, invalid("bad_character", "a control character")), std::string();
        rest.remove_prefix(character->bytes);
    }
    if (count < min) fail_at(pointer, invalid("text_empty", "the text may not be empty"));
    if (count > max) fail_at(pointer, invalid("text_too_long", "more than " + std::to_string(max) + " characters"));
    return std::move(*text);
}

void ObjectReader::read(std::string_view name, std::string& out) {
    if (const JsonValue* value = find(name)) {
        const Member& member = rule(name);
        out = checked_text(*value, pointer_to(path_, name), member.min, member.max);
    }
}

void ObjectReader::read(std::string_view name, Decimal& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    const Result<Decimal> number = value->as_decimal();
    if (!number) return fail_at(pointer_to(path_, name), number.error());
    if (value->is_string() && value->text().find_first_of("eE") != std::string_view::npos)
        return fail(name, "bad_decimal", "a decimal in a string has no exponent");
    out = *number;
}

void ObjectReader::read(std::string_view name, Date& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    const Result<std::string> text = value->as_string();
    if (!text) return fail_at(pointer_to(path_, name), text.error());
    const Result<Date> date = Date::parse(*text);
    if (!date) return fail_at(pointer_to(path_, name), date.error());
    out = *date;
}

void ObjectReader::read(std::string_view name, Currency& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    const Result<std::string> text = value->as_string();
    if (!text) return fail_at(pointer_to(path_, name), text.error());
    Result<Currency> currency = Currency::parse(*text);
    if (!currency) return fail_at(pointer_to(path_, name), currency.error());
    out = std::move(*currency);
}

void ObjectReader::read(std::string_view name, bool& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    const Result<bool> flag = value->as_bool();
    if (!flag) return fail_at(pointer_to(path_, name), flag.error());
    out = *flag;
}

void ObjectReader::read(std::string_view name, std::int64_t& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    const Result<std::int64_t> number = value->as_int64();
    if (!number) return fail_at(pointer_to(path_, name), number.error());
    if (*number < 0) return fail(name, "bad_version", "a version is not negative");
    out = *number;
}

void ObjectReader::read(std::string_view name, Amounts& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    for (const Amounts choice : {Amounts::exclusive, Amounts::inclusive, Amounts::none}) {
        if (!value->is_string() || value->text() != to_string(choice)) continue;
        out = choice;
        return;
    }
    if (!value->is_string()) return fail(name, "wrong_type", "expected string");
    fail(name, "bad_choice", "one of exclusive, inclusive, none");
}

void ObjectReader::read_country(std::string_view name, std::optional<std::string>& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    Result<std::string> text = value->as_string();
    if (!text) return fail_at(pointer_to(path_, name), text.error());
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (text->size() != 2 || !upper((*text)[0]) || !upper((*text)[1]))
        return fail(name, "bad_country", "not two upper-case letters");
    out = std::move(*text);
}

/// The elements of an array of the right length; null pointer when absent or wrong.
const std::vector<JsonValue>* ObjectReader::elements(std::string_view name) {
    const JsonValue* value = find(name);
    if (!value) return nullptr;
    const Member& member = rule(name);
    if (!value->is_array())
        fail(name, "wrong_type", "expected array, found " + std::string(to_string(value->type())));
    else if (value->items().size() < member.min)
        fail(name, "too_few_elements", "at least " + std::to_string(member.min));
    else if (value->items().size() > member.max)
        fail(name, "too_many_elements", "at most " + std::to_string(member.max));
    return error_ ? nullptr : &value->items();
}

void ObjectReader::read(std::string_view name, std::vector<std::string>& out) {
    const auto* items = elements(name);
    if (!items) return;
    for (const JsonValue& item : *items)
        out.push_back(checked_text(item, pointer_to(pointer_to(path_, name), out.size()), 1, kAddressLineMax));
}

void fill(ObjectReader& from, Line& line) {
    from.read("item", line.item);
    from.read("description", line.description);
    from.read("quantity", line.quantity);
    from.read("unit_price", line.unit_price);
    from.read("amount", line.amount);
    from.read("account", line.account);
    from.read("tax_code", line.tax_code);
    from.read("tax", line.tax);
}

void fill(ObjectReader& from, Application& application) {
    from.read("invoice", application.invoice);
    from.read("amount", application.amount);
}

constexpr Shape shape_for(const Line*) { return Shape::line; }
constexpr Shape shape_for(const Application*) { return Shape::application; }

template <class T>
void ObjectReader::read(std::string_view name, std::vector<T>& out) {
    const auto* items = elements(name);
    if (!items) return;
    out.reserve(items->size());
    for (const JsonValue& item : *items) {
        T* const made = &out.emplace_back();
        ObjectReader inner(item, shape_for(made), pointer_to(pointer_to(path_, name), out.size() - 1), error_);
        if (error_) return;
        fill(inner, *made);
    }
}

void ObjectReader::read(std::string_view name, Address& out) {
    const JsonValue* value = find(name);
    if (!value) return;
    ObjectReader inner(*value, Shape::address, pointer_to(path_, name), error_);
    inner.read("lines", out.lines);
    inner.read("city", out.city);
    inner.read("region", out.region);
    inner.read("postal_code", out.postal_code);
    inner.read_country("country", out.country);
}

Contact read_contact(ObjectReader& from) {
    Contact contact;
    from.read("name", contact.name);
    from.read("customer", contact.customer);
    from.read("supplier", contact.supplier);
    from.read("email", contact.email);
    from.read("phone", contact.phone);
    from.read("tax_number", contact.tax_number);
    from.read("address", contact.address);
    from.read("currency", contact.currency);
    return contact;
}

Item read_item(ObjectReader& from) {
    Item item;
    from.read("code", item.code);
    from.read("name", item.name);
    from.read("description", item.description);
    from.read("unit_price", item.unit_price);
    from.read("account", item.account);
    from.read("tax_code", item.tax_code);
    return item;
}

Document read_document(ObjectReader& from) {
    Document document;
    from.read("contact", document.contact);
    from.read("number", document.number);
    from.read("date", document.date);
    from.read("due_date", document.due_date);
    from.read("currency", document.currency);
    from.read("amounts", document.amounts);
    from.read("lines", document.lines);
    from.read("tax_total", document.tax_total);
    from.read("total", document.total);
    from.read("reference", document.reference);
    from.read("memo", document.memo);
    if (document.amounts != Amounts::none && !from.has("tax_total"))
        from.fail("tax_total", "missing_member", "required unless amounts is none");
    return document;
}

Payment read_payment(ObjectReader& from) {
    Payment payment;
    from.read("contact", payment.contact);
    from.read("date", payment.date);
    from.read("currency", payment.currency);
    from.read("amount", payment.amount);
    from.read("applies_to", payment.applies_to);
    from.read("account", payment.account);
    from.read("reference", payment.reference);
    return payment;
}

RecordBody read_body(RecordKind kind, ObjectReader& from) {
    switch (kind) {
        case RecordKind::contact: return read_contact(from);
        case RecordKind::item: return read_item(from);
        case RecordKind::invoice: return Invoice{read_document(from)};
        case RecordKind::credit_note: {
            CreditNote credit_note{read_document(from), {}};
            from.read("applies_to", credit_note.applies_to);
            return credit_note;
        }
        case RecordKind::payment: return read_payment(from);
    }
    return {};
}

/// Checked amounts go on in the minor unit, whatever zeros the caller wrote: sums of them then stay within 64 bits.
void to_minor_unit(Decimal& amount, const Currency& currency) {
    amount = amount.rounded(currency.places(), Rounding::half_away_from_zero);
}

void to_minor_unit(Document& document) {
    to_minor_unit(document.tax_total, document.currency);
    to_minor_unit(document.total, document.currency);
    for (Line& line : document.lines) {
        if (line.amount) to_minor_unit(*line.amount, document.currency);
        if (line.tax) to_minor_unit(*line.tax, document.currency);
    }
}

void to_minor_unit(std::vector<Application>& applications, const Currency& currency) {
    for (Application& application : applications) to_minor_unit(application.amount, currency);
}

void to_minor_unit(Record& record) {
    if (auto* invoice = std::get_if<Invoice>(&record.body)) to_minor_unit(invoice->document);
    if (auto* credit_note = std::get_if<CreditNote>(&record.body)) {
        to_minor_unit(credit_note->document);
        to_minor_unit(credit_note->applies_to, credit_note->document.currency);
    }
    if (auto* payment = std::get_if<Payment>(&record.body)) {
        to_minor_unit(payment->amount, payment->currency);
        to_minor_unit(payment->applies_to, payment->currency);
    }
}

}  // namespace

Result<Record> read_record(RecordKind kind, std::string_view text) {
    const Result<JsonValue> tree = parse_json(text, kRecordLimits);
    if (!tree) return tree.error();
    return read_record(kind, *tree);
}

Result<Record> read_record(RecordKind kind, const JsonValue& tree) {
    std::optional<Error> error;
    ObjectReader reader(tree, shape_of(kind), "", error);
    if (error) return *std::move(error);
    Record record{read_body(kind, reader), {}};
    reader.read("source_version", record.source_version);
    if (error) return *std::move(error);
    Result<void> checked = check_record(record);
    if (!checked) return std::move(checked).error();
    to_minor_unit(record);
    return record;
}

}  // namespace spillway
