#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "schema/json_value.hpp"

namespace spillway {
namespace {

/// Builds the tree from nlohmann's events. Its DOM would have made doubles of the numbers; its events bring their text.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
    explicit TreeBuilder(const JsonLimits& limits) : limits_(limits) {}

    bool null() override { return add({}); }
    bool boolean(bool value) override { return add(JsonValue::boolean(value)); }
    bool number_integer(number_integer_t value) override { return add(JsonValue::number(std::to_string(value))); }
    bool number_unsigned(number_unsigned_t value) override { return add(JsonValue::number(std::to_string(value))); }
    bool number_float(number_float_t, const string_t& text) override { return add(JsonValue::number(text)); }
    bool string(string_t& text) override { return add(JsonValue::string(std::move(text))); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(/*is_object=*/true); }
    bool start_array(std::size_t) override { return open(/*is_object=*/false); }
    bool key(string_t& name) override {
        open_.back().name = std::move(name);
        return true;
    }
    bool end_object() override;
    bool end_array() override;
    bool parse_error(std::size_t position, const std::string& token, const nlohmann::json::exception& e) override;

    JsonValue root;
    std::optional<Error> error;

 private:
    /// An object or array whose end is yet to come.
    struct Open {
        bool is_object;
        std::optional<std::string> name{};  // of the member being read; none between members
        std::vector<JsonValue> items{};
        std::vector<JsonMember> members{};
    };

    bool add(JsonValue value);
    bool open(bool is_object);
    bool fail(std::string code, std::string detail);
    std::string pointer() const;

    const JsonLimits& limits_;
    std::vector<Open> open_;
    std::size_t values_ = 0;
};

/// The name that an object has twice; nothing when all differ. By sorting: hostile objects may have very many members.
std::optional<std::string> duplicate_of(const std::vector<JsonMember>& members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const JsonMember& member : members) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    const auto twin = std::adjacent_find(names.begin(), names.end());
    return twin == names.end() ? std::nullopt : std::optional(std::string(*twin));
}

std::string TreeBuilder::pointer() const {
    std::string text;
    for (const Open& level : open_) {
        if (!level.is_object)
            text = pointer_to(text, level.items.size());
        else if (level.name)
            text = pointer_to(text, *level.name);
    }
    return text;
}

bool TreeBuilder::fail(std::string code, std::string detail) {
    if (!error) error = invalid(std::move(code), std::move(detail), pointer());
    return false;
}

bool TreeBuilder::add(JsonValue value) {
    if (++values_ > limits_.values_max) return fail("json_too_large", "more values than are taken");
    if (open_.empty()) {
        root = std::move(value);
    } else if (Open& level = open_.back(); level.is_object) {
        level.members.push_back({*std::move(level.name), std::move(value)});
        level.name.reset();
    } else {
        level.items.push_back(std::move(value));
    }
    return true;
}

bool TreeBuilder::open(bool is_object) {
    if (open_.size() >= limits_.depth_max)
        return fail("json_too_deep", "nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    open_.push_back({is_object});
    return true;
}

bool TreeBuilder::end_object() {
    std::vector<JsonMember> members = std::move(open_.back().members);
    if (const auto twin = duplicate_of(members)) {
        open_.back().name = *twin;
        return fail("duplicate_member", "the member \"" + *twin + "\" is there twice");
    }
    open_.pop_back();
    return add(JsonValue::object(std::move(members)));
}

bool TreeBuilder::end_array() {
    std::vector<JsonValue> items = std::move(open_.back().items);
    open_.pop_back();
    return add(JsonValue::array(std::move(items)));
}

bool TreeBuilder::parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    constexpr int kNumberOverflow = 406;  // nlohmann's id of a number beyond a double's range
    if (e.id == kNumberOverflow) return fail("decimal_too_large", "the number does not fit");
    return fail("bad_json", "not JSON in UTF-8 at byte " + std::to_string(position));
}

}  // namespace

Result<JsonValue> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.bytes_max)
        return invalid("json_too_large", "more than " + std::to_string(limits.bytes_max) + " bytes");
    // Never part of a JSON text; the parser would take it for the text's end.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos)
        return invalid("bad_json", "not JSON in UTF-8 at byte " + std::to_string(nul + 1));
    TreeBuilder builder(limits);
    const bool complete = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
    if (builder.error) return *std::move(builder.error);
    if (!complete) return invalid("bad_json", "not JSON in UTF-8");
    return std::move(builder.root);
}

}  // namespace spillway
