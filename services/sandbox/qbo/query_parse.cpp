#include <array>
#include <charconv>
#include <optional>

#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/query.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr std::int64_t kPageMax = 1000;
constexpr std::size_t kQueryMax = 64u << 10;  // bytes; assumed

struct Token {
    enum class Type { word, text, symbol, end } type = Type::end;
    std::string value;
};

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-' || c == ':' || c == '+';
}

[[noreturn]] void refuse_parse(const std::string& what) {
    refuse("4000", "Error parsing query : QueryParserError: " + what);
}

class Lexer {
 public:
    explicit Lexer(std::string_view text) : rest_(text) {}

    Token next() {
        while (!rest_.empty() &&
               (rest_.front() == ' ' || rest_.front() == '\n' || rest_.front() == '\r' || rest_.front() == '\t'))
            rest_.remove_prefix(1);
        if (rest_.empty()) return {};
        if (rest_.front() == '\'') return quoted();
        if (!is_word(rest_.front())) return symbol();
        std::size_t length = 0;
        while (length < rest_.size() && is_word(rest_[length])) ++length;
        return {Token::Type::word, take(length)};
    }

 private:
    std::string take(std::size_t length) {
        std::string taken(rest_.substr(0, length));
        rest_.remove_prefix(length);
        return taken;
    }

    Token quoted() {
        std::string value;
        std::size_t at = 1;
        for (; at < rest_.size() && rest_[at] != '\''; ++at) {
            if (rest_[at] == '\\' && at + 1 < rest_.size()) ++at;
            value += rest_[at];
        }
        if (at >= rest_.size()) refuse_parse("a quoted value has no end");
        rest_.remove_prefix(at + 1);
        return {Token::Type::text, value};
    }

    Token symbol() {
        const bool two = rest_.size() > 1 && rest_[1] == '=' && (rest_[0] == '<' || rest_[0] == '>');
        return {Token::Type::symbol, take(two ? 2 : 1)};
    }

    std::string_view rest_;
};

class Parser {
 public:
    explicit Parser(std::string_view text) : lexer_(text) { advance(); }

    Query parse() {
        expect_word("select");
        projection();
        expect_word("from");
        query_.entity = name();
        if (accept_word("where")) {
            do query_.conditions.push_back(condition());
            while (accept_word("and"));
        }
        if (accept_word("orderby")) {
            do query_.orders.push_back(order());
            while (accept_symbol(","));
        }
        if (accept_word("startposition")) query_.start_position = number("STARTPOSITION", INT64_MAX);
        if (accept_word("maxresults")) query_.max_results = number("MAXRESULTS", kPageMax);
        accept_symbol(";");
        if (token_.type != Token::Type::end) refuse_parse("Encountered \"" + token_.value + "\"");
        return std::move(query_);
    }

 private:
    void advance() { token_ = lexer_.next(); }
    [[nodiscard]] bool at_word(std::string_view word) const {
        return token_.type == Token::Type::word && folded(token_.value) == word;
    }

    bool accept_word(std::string_view word) {
        if (!at_word(word)) return false;
        advance();
        return true;
    }
    bool accept_symbol(std::string_view symbol) {
        if (token_.type != Token::Type::symbol || token_.value != symbol) return false;
        advance();
        return true;
    }
    void expect_word(std::string_view word) {
        if (!accept_word(word)) refuse_parse("Encountered \"" + token_.value + "\", expected " + std::string(word));
    }
    void expect_symbol(std::string_view symbol) {
        if (!accept_symbol(symbol))
            refuse_parse("Encountered \"" + token_.value + "\", expected " + std::string(symbol));
    }
    std::string name() {
        if (token_.type != Token::Type::word) refuse_parse("Encountered \"" + token_.value + "\", expected a name");
        std::string taken = std::move(token_.value);
        advance();
        return taken;
    }

    /// Property lists are taken and the whole object is answered: projections are not to be relied on.
    void projection() {
        if (accept_symbol("*")) return;
        if (at_word("count")) {
            advance();
            expect_symbol("(");
            expect_symbol("*");
            expect_symbol(")");
            query_.count = true;
            return;
        }
        do name();
        while (accept_symbol(","));
    }

    Condition condition() {
        Condition one;
        one.property = name();
        one.op = operation();
        if (one.op != Operator::in) {
            one.values.push_back(literal());
            return one;
        }
        expect_symbol("(");
        do one.values.push_back(literal());
        while (accept_symbol(","));
        expect_symbol(")");
        return one;
    }

    Operator operation() {
        if (accept_word("in")) return Operator::in;
        if (accept_word("like")) return Operator::like;
        using Pair = std::pair<std::string_view, Operator>;
        constexpr auto kSymbols = std::to_array<Pair>({{"=", Operator::equal},
                                                       {"<", Operator::less},
                                                       {">", Operator::greater},
                                                       {"<=", Operator::less_equal},
                                                       {">=", Operator::greater_equal}});
        for (const Pair& pair : kSymbols) {
            if (accept_symbol(pair.first)) return pair.second;
        }
        refuse_parse("Encountered \"" + token_.value + "\", expected an operator");
    }

    /// Quoted text; numbers and true/false also go without quotes.
    std::string literal() {
        if (token_.type != Token::Type::text && token_.type != Token::Type::word)
            refuse_parse("Encountered \"" + token_.value + "\", expected a value");
        std::string value = std::move(token_.value);
        advance();
        return value;
    }

    Order order() {
        Order one;
        one.property = name();
        if (accept_word("desc"))
            one.descending = true;
        else
            accept_word("asc");
        return one;
    }

    std::int64_t number(std::string_view what, std::int64_t max) {
        const std::string text = name();
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size())
            refuse_parse("Encountered \"" + text + "\", expected a number");
        if (value < 1)
            refuse("4001", "Invalid query : QueryValidationError: value " + text +
                               " is too small. Min allowed value is 1 for " + std::string(what));
        if (value > max)
            refuse("4001", "Invalid query : QueryValidationError: value " + text +
                               " is too large. Max allowed value is " + std::to_string(max) + " for " +
                               std::string(what));
        return value;
    }

    Lexer lexer_;
    Token token_;
    Query query_;
};

}  // namespace

Query parse_query(std::string_view text) {
    if (text.size() > kQueryMax) refuse_parse("the query is too long");
    return Parser(text).parse();
}

}  // namespace spillway::sandbox::qbo
