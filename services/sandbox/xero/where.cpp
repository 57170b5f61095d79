// `where` expressions: Status=="AUTHORISED" AND Date>=DateTime(2026,01,01)

#include <array>
#include <cctype>
#include <charconv>

#include "services/sandbox/xero/lists.hpp"

namespace spillway::sandbox::xero {

namespace {

class Reader {
 public:
    explicit Reader(std::string_view text) : rest_(text) {}

    bool done() { return skip(), rest_.empty(); }
    bool take(std::string_view word) {
        skip();
        if (folded(rest_.substr(0, word.size())) != folded(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    std::string name() {
        skip();
        std::size_t size = 0;
        while (size < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[size])) || rest_[size] == '.'))
            ++size;
        std::string word(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return word;
    }
    std::optional<Value> value() {
        skip();
        if (take("\"")) return quoted();
        if (take("guid(\"")) {
            auto text = quoted();
            return take(")") ? text : std::nullopt;
        }
        if (take("DateTime(")) return moment();
        if (take("true")) return Value(true);
        if (take("false")) return Value(false);
        if (take("null")) return Value(std::string());
        return number();
    }

 private:
    void skip() {
        while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    }
    std::optional<Value> quoted() {
        const auto end = rest_.find('"');
        if (end == std::string_view::npos || rest_.substr(0, end).find('\\') != std::string_view::npos)
            return std::nullopt;
        std::string text(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return Value(std::move(text));
    }
    std::optional<Value> moment() {
        std::array<int, 6> parts{1, 1, 1, 0, 0, 0};
        for (std::size_t at = 0; at < parts.size(); ++at) {
            skip();
            const auto read = std::from_chars(rest_.data(), rest_.data() + rest_.size(), parts.at(at));
            if (read.ec != std::errc{}) return std::nullopt;
            rest_.remove_prefix(static_cast<std::size_t>(read.ptr - rest_.data()));
            if (take(")")) return moment_of(parts);
            if (!take(",")) return std::nullopt;
        }
        return std::nullopt;
    }
    static std::optional<Value> moment_of(const std::array<int, 6>& parts) {
        const std::chrono::year_month_day day{std::chrono::year{parts[0]},
                                              std::chrono::month{static_cast<unsigned>(parts[1])},
                                              std::chrono::day{static_cast<unsigned>(parts[2])}};
        if (!day.ok()) return std::nullopt;
        return Value(WallTime{std::chrono::sys_days{day} + std::chrono::hours{parts[3]} +
                              std::chrono::minutes{parts[4]} + std::chrono::seconds{parts[5]}});
    }
    std::optional<Value> number() {
        std::size_t size = 0;
        while (size < rest_.size() && std::string_view("+-.0123456789").find(rest_[size]) != std::string_view::npos)
            ++size;
        const Result<Decimal> parsed = Decimal::parse(rest_.substr(0, size));
        rest_.remove_prefix(size);
        if (!parsed) return std::nullopt;
        return Value(*parsed);
    }

    std::string_view rest_;
};

std::string read_operator(Reader& reader) {
    for (const std::string_view op : {"==", "!=", ">=", "<=", ">", "<"})
        if (reader.take(op)) return std::string(op);
    return reader.take("=") ? "==" : "";
}

template <class T>
bool holds(const T& have, std::string_view op, const T& want) {
    if (op == "==") return have == want;
    if (op == "!=") return have != want;
    if (op == ">=") return have >= want;
    if (op == "<=") return have <= want;
    return op == ">" ? have > want : have < want;
}

bool compare(const Value& have, std::string_view op, const Value& want) {
    if (have.index() != want.index()) return false;
    if (const auto* text = std::get_if<std::string>(&have))
        return holds(folded(*text), op, folded(std::get<std::string>(want)));
    if (const auto* number = std::get_if<Decimal>(&have)) return holds(*number, op, std::get<Decimal>(want));
    if (const auto* when = std::get_if<WallTime>(&have)) return holds(*when, op, std::get<WallTime>(want));
    if (const auto* yes = std::get_if<bool>(&have)) return holds(*yes, op, std::get<bool>(want));
    return false;
}

}  // namespace

std::optional<Where> Where::parse(std::string_view text) {
    Reader reader(text);
    Where where;
    where.any_.emplace_back();
    for (;;) {
        Term term;
        term.field = reader.name();
        term.op = read_operator(reader);
        const auto value = reader.value();
        if (term.field.empty() || term.op.empty() || !value) return std::nullopt;
        term.value = *value;
        where.any_.back().push_back(std::move(term));
        if (reader.done()) return where;
        if (reader.take("OR ") || reader.take("||"))
            where.any_.emplace_back();
        else if (!reader.take("AND ") && !reader.take("&&"))
            return std::nullopt;
    }
}

bool Where::matches(const Field& field) const {
    for (const auto& all : any_) {
        bool holds_all = true;
        for (const Term& term : all) holds_all = holds_all && compare(field(term.field), term.op, term.value);
        if (holds_all) return true;
    }
    return false;
}

std::optional<std::string> Where::equals(std::string_view field) const {
    if (any_.size() != 1) return std::nullopt;
    for (const Term& term : any_.front())
        if (term.field == field && term.op == "==" && std::holds_alternative<std::string>(term.value))
            return std::get<std::string>(term.value);
    return std::nullopt;
}

}  // namespace spillway::sandbox::xero
