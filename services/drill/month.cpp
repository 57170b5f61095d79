#include "services/drill/month.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <vector>

#include "schema/decimal.hpp"
#include "schema/random.hpp"

namespace spillway::drill {
namespace {

// Rates of a wholesaler's December with 1,885 documents: 326 credit notes, 159 cash invoices of 96 lines on average,
// 18.7 lines on other invoices, 2,741 items, 948 customers, 140 documents that are excluded whole.
constexpr std::uint64_t kPerMille = 1000;
constexpr std::uint64_t kCreditNotes = 173, kCashAmongInvoices = 102, kCashAmongCredits = 55;
constexpr std::uint64_t kStraySpaces = 197, kLowerCase = 10, kNotStock = 5, kZeroPrice = 3, kAbroad = 60;
constexpr std::size_t kItemsPerDocument1000 = 1454, kCustomersPerDocument1000 = 503, kExcludedPerDocument1000 = 74;
constexpr std::size_t kItemsMin = 20, kCustomersMin = 5;

constexpr std::array<std::string_view, 12> kColours{"WHITE", "RED",    "IVORY", "PINK", "BLUE",   "VINTAGE",
                                                    "RETRO", "WOODEN", "METAL", "GOLD", "SILVER", "GREEN"};
constexpr std::array<std::string_view, 12> kPatterns{"HEART",    "STAR",       "POLKA DOT", "SPACEBOY",
                                                     "BABUSHKA", "UNION JACK", "RETROSPOT", "BIRD",
                                                     "PAISLEY",  "CHRISTMAS",  "FLORAL",    "SKULL"};
constexpr std::array<std::string_view, 14> kThings{
    "T-LIGHT HOLDER", "LANTERN",    "CAKESTAND, 3 TIER", "HOT WATER BOTTLE", "LUNCH BOX",       "DOORMAT",
    "NECKLACE 16\"",  "MUG COSY",   "TEA TOWEL",         "CHILDREN'S APRON", "SET OF 6 SPOONS", "HANGING DECORATION",
    "GIFT TAPE",      "ALARM CLOCK"};
constexpr std::array<std::string_view, 6> kCountries{"Germany", "France", "EIRE", "Norway", "Spain", "Channel Islands"};
struct NotStock {
    std::string_view code, description;
};
constexpr std::array<NotStock, 5> kNotStockCodes{{{"POST", "POSTAGE"},
                                                  {"DOT", "DOTCOM POSTAGE"},
                                                  {"M", "Manual"},
                                                  {"C2", "CARRIAGE"},
                                                  {"BANK CHARGES", "Bank Charges"}}};

struct StockItem {
    std::string code, description;
    std::int64_t pennies = 0;
};

struct Customer {
    std::string id;
    std::string_view country;
};

struct Row {
    std::string code, description;
    std::int64_t quantity = 0, pennies = 0;
};

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\n") == std::string::npos) return field;
    std::string out = "\"";
    for (const char c : field) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

/// "2.55", "2.1", "3.0": as a spreadsheet writes a price.
std::string price_text(std::int64_t pennies) {
    std::string text = Decimal(pennies, 2).to_shortest();
    return text.find('.') == std::string::npos ? text + ".0" : text;
}

class Generator {
 public:
    explicit Generator(const MonthOptions& options) : options_(options), random_(options.seed) {
        make_items(std::max(kItemsMin, options.documents * kItemsPerDocument1000 / kPerMille));
        make_customers(std::max(kCustomersMin, options.documents * kCustomersPerDocument1000 / kPerMille));
    }

    std::string run() {
        const std::size_t excluded = (options_.documents * kExcludedPerDocument1000 + kPerMille - 1) / kPerMille;
        const std::size_t all = options_.documents + excluded;
        std::size_t left_out = 0;
        for (std::size_t i = 0; i < all; ++i) {
            // Spread evenly, so that a small month has its share too.
            const bool exclude = (i + 1) * excluded / all > left_out;
            place_in_month(i, all);
            if (exclude)
                worthless_document(/*write_off=*/left_out++ % 2 == 0);
            else if (chance(kCreditNotes) && !sold_.empty())
                credit_note();
            else
                invoice();
        }
        return std::move(out_);
    }

 private:
    bool chance(std::uint64_t per_mille) { return random_.below(kPerMille) < per_mille; }
    template <class List>
    auto& any(List& list) {
        return list[random_.below(list.size())];
    }
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return least + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
    }

    void make_items(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            StockItem item;
            item.code = std::to_string(20'000 + i * 7);
            if (chance(300)) item.code += static_cast<char>('A' + random_.below(20));
            item.description =
                std::string(any(kColours)) + " " + std::string(any(kPatterns)) + " " + std::string(any(kThings));
            // Most things cost little, a few much.
            item.pennies = chance(20) ? between(1'500, 29'500) : chance(500) ? between(29, 255) : between(255, 995);
            items_.push_back(std::move(item));
        }
    }

    void make_customers(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            customers_.push_back({std::to_string(12'346 + i * 6),
                                  chance(kAbroad) ? any(kCountries) : std::string_view("United Kingdom")});
    }

    void place_in_month(std::size_t index, std::size_t all) {
        const auto minute = static_cast<int>(index * 600 / std::max<std::size_t>(all, 1) % 600);
        const auto day = static_cast<int>(1 + index * 31 / all);
        std::array<char, 24> text{};
        std::snprintf(text.data(), text.size(), "2010-12-%02d %02d:%02d:00", std::min(day, 31), 8 + minute / 60,
                      minute % 60);
        date_ = text.data();
    }

    void invoice() {
        const bool cash = chance(kCashAmongInvoices);
        const Customer& customer = any(customers_);
        // Few documents are very long: the middle one of a customer has 13 lines, of cash sales 10.
        std::int64_t lines = cash ? (chance(250) ? between(100, 300) : between(1, 40))
                                  : (chance(200) ? between(30, 75) : between(1, 22));
        begin(std::to_string(number_++), cash ? "" : customer.id + ".0",
              cash ? "United Kingdom" : std::string(customer.country));
        // The first line always has a value: a document of nothing but zero prices would be one more exclusion.
        const Row first = stock_row(cash);
        write(first);
        sold_.push_back(first);
        while (--lines > 0) write(any_row(cash));
    }

    Row any_row(bool cash) {
        if (chance(kNotStock)) {
            const NotStock& one = any(kNotStockCodes);
            return {std::string(one.code), std::string(one.description), 1, between(100, 5'000)};
        }
        Row row = stock_row(cash);
        if (chance(kZeroPrice)) row.pennies = 0;
        return row;
    }

    Row stock_row(bool cash) {
        const StockItem& item = any(items_);
        Row row{item.code, item.description, 1, item.pennies};
        row.quantity = cash ? between(1, 4) : chance(100) ? between(24, 144) : between(1, 24);
        if (chance(kStraySpaces)) row.description += ' ';
        if (chance(kStraySpaces / 4)) row.description.insert(row.description.find(' '), " ");
        if (chance(kLowerCase))
            std::ranges::transform(row.code, row.code.begin(),
                                   [](char c) { return c >= 'A' ? char(c - 'A' + 'a') : c; });
        return row;
    }

    void credit_note() {
        const bool cash = chance(kCashAmongCredits);
        const Customer& customer = any(customers_);
        begin("C" + std::to_string(number_++), cash ? "" : customer.id + ".0",
              cash ? "United Kingdom" : std::string(customer.country));
        std::int64_t lines = chance(700) ? 1 : between(2, 6);
        for (; lines > 0; --lines) {
            Row row = any(sold_);
            row.quantity = -std::min<std::int64_t>(row.quantity, between(1, 12));
            write(row);
        }
    }

    /// Stock that was lost or found: one line, no price, no customer, mostly no description.
    void worthless_document(bool write_off) {
        begin(std::to_string(number_++), "", "United Kingdom");
        Row row{any(items_).code, chance(850) ? "" : "damaged?", between(1, 200), 0};
        if (write_off) row.quantity = -row.quantity;
        write(row);
    }

    void begin(std::string number, std::string customer, std::string country) {
        document_ = std::move(number);
        customer_ = std::move(customer);
        country_ = std::move(country);
    }

    void write(const Row& row) {
        out_ += document_ + "," + row.code + "," + quoted(row.description) + "," + std::to_string(row.quantity) + "," +
                date_ + "," + price_text(row.pennies) + "," + customer_ + "," + country_ + "\n";
    }

    const MonthOptions options_;
    SeededRandom random_;
    std::vector<StockItem> items_;
    std::vector<Customer> customers_;
    std::vector<Row> sold_;
    std::int64_t number_ = 536'365;
    std::string document_, customer_, country_, date_;
    std::string out_ = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
};

}  // namespace

std::string generate_month(const MonthOptions& options) { return Generator(options).run(); }

}  // namespace spillway::drill
