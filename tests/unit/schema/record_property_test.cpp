// Records made from a seed: what is written is read again, and parts make the whole.
#include <gtest/gtest.h>

#include "schema/random.hpp"
#include "schema/record_json.hpp"
#include "schema/record_rules.hpp"

namespace spillway {
namespace {

class Maker {
 public:
    explicit Maker(std::uint64_t seed) : random_(seed) {}

    Record record() {
        switch (static_cast<RecordKind>(random_.below(5))) {
            case RecordKind::contact: return {contact(), version()};
            case RecordKind::item: return {item(), version()};
            case RecordKind::invoice: return {Invoice{document(/*signed_lines=*/true)}, version()};
            case RecordKind::credit_note: return {credit_note(), version()};
            case RecordKind::payment: return {payment(), version()};
        }
        return {};
    }

    Document document(bool signed_lines) {
        Document made;
        made.contact = text();
        made.number = text();
        made.date = date();
        if (signed_lines && flip()) made.due_date = made.date;
        made.currency = currency();
        made.amounts = static_cast<Amounts>(random_.below(3));
        for (auto count = 1 + random_.below(8); count > 0; --count) made.lines.push_back(line(made, signed_lines));
        if (made.amounts != Amounts::none && flip()) made.tax_total = amount(made.currency);
        Decimal stated(0, made.currency.places());
        bool all = true;
        for (const Line& one : made.lines) {
            all = all && one.tax.has_value();
            if (one.tax) stated += *one.tax;
        }
        if (all) made.tax_total = stated;
        made.total = *lines_total(made);
        if (made.amounts == Amounts::exclusive) made.total += made.tax_total;
        made.reference = maybe_text();
        made.memo = maybe_text();
        return made;
    }

 private:
    bool flip() { return random_.below(2) == 0; }
    std::optional<std::int64_t> version() {
        return flip() ? std::nullopt : std::optional(static_cast<std::int64_t>(random_.next() >> 1));
    }
    std::string text() {
        static constexpr const char* kPieces[] = {"a",  "Z",  " ", "\"",       "\\",           "/",
                                                  "\n", "\t", "~", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                                  "<",  "'",  "0", "{"};
        std::string made;
        for (auto count = 1 + random_.below(20); count > 0; --count) made += kPieces[random_.below(std::size(kPieces))];
        return made;
    }
    std::optional<std::string> maybe_text() { return flip() ? std::nullopt : std::optional(text()); }
    Date date() {
        return Date{std::chrono::sys_days{std::chrono::days{static_cast<int>(random_.below(40'000)) - 10'000}}};
    }
    Currency currency() {
        static constexpr const char* kCodes[] = {"GBP", "JPY", "KWD", "CLF"};
        return *Currency::parse(kCodes[random_.below(4)]);
    }
    /// Below 3,000, so that no line leaves the bounds of the currency with the smallest ones.
    Decimal factor(bool is_signed) {
        const int scale = static_cast<int>(random_.below(11));
        const auto size = static_cast<std::int64_t>(random_.below(scale < 3 ? 3'000 : 3'000'000));
        return {is_signed && random_.below(4) == 0 ? -size : size, scale};
    }
    Decimal amount(const Currency& currency) {
        return {1 + static_cast<std::int64_t>(random_.below(100'000'000)), currency.places()};
    }
    Line line(const Document& document, bool is_signed) {
        Line made;
        made.item = maybe_text();
        made.description = text();
        made.quantity = factor(is_signed);
        made.unit_price = factor(/*is_signed=*/false);
        if (random_.below(3) == 0) made.amount = amount(document.currency);
        made.account = maybe_text();
        made.tax_code = maybe_text();
        if (document.amounts != Amounts::none && flip()) made.tax = amount(document.currency);
        return made;
    }
    std::vector<Application> applications(const Currency& currency, Decimal& sum) {
        std::vector<Application> made;
        sum = Decimal(0, currency.places());
        for (auto count = random_.below(4); count > 0; --count) {
            made.push_back({std::to_string(count) + text(), amount(currency)});
            sum += made.back().amount;
        }
        return made;
    }
    Contact contact() {
        Contact made;
        made.name = text();
        made.customer = flip();
        made.supplier = !made.customer || flip();
        made.email = maybe_text();
        made.tax_number = maybe_text();
        if (flip()) {
            made.address.emplace();
            for (auto count = random_.below(5); count > 0; --count) made.address->lines.push_back(text());
            made.address->city = maybe_text();
            if (flip()) made.address->country = "GB";
        }
        if (flip()) made.currency = currency();
        return made;
    }
    Item item() {
        Item made{text(), text(), maybe_text(), {}, maybe_text(), maybe_text()};
        if (flip()) made.unit_price = factor(/*is_signed=*/true);
        return made;
    }
    CreditNote credit_note() {
        CreditNote made{document(/*signed_lines=*/false), {}};
        made.applies_to.clear();
        if (made.document.total > Decimal()) made.applies_to.push_back({text(), made.document.total});
        return made;
    }
    Payment payment() {
        Payment made;
        made.contact = text();
        made.date = date();
        made.currency = currency();
        Decimal applied;
        made.applies_to = applications(made.currency, applied);
        made.amount = applied + amount(made.currency);
        made.account = maybe_text();
        made.reference = maybe_text();
        return made;
    }

    SeededRandom random_;
};

TEST(RecordProperty, WhatIsWrittenIsReadAgain) {
    Maker maker(20101231);
    for (int round = 0; round < 5'000; ++round) {
        const Record record = maker.record();
        const std::string text = write_record(record);
        const auto again = read_record(record.kind(), text);
        ASSERT_TRUE(again.ok()) << text << "\n" << again.error().code << " " << again.error().pointer;
        ASSERT_EQ(*again, record) << text;
        ASSERT_EQ(write_record(*again), text);
    }
}

TEST(RecordProperty, PartsSumToTheWhole) {
    Maker maker(20110101);
    for (int round = 0; round < 2'000; ++round) {
        const Document document = maker.document(/*signed_lines=*/true);
        Decimal sum(0, document.currency.places());
        for (auto line = document.lines.rbegin(); line != document.lines.rend(); ++line)
            sum += *line_amount(*line, document.currency);
        ASSERT_EQ(*lines_total(document), sum);
        ASSERT_EQ(lines_total(document)->scale(), document.currency.places());
        // A document in two halves is the document.
        Document front = document;
        Document back = document;
        const auto middle = static_cast<std::ptrdiff_t>(document.lines.size() / 2);
        front.lines.assign(document.lines.begin(), document.lines.begin() + middle);
        back.lines.assign(document.lines.begin() + middle, document.lines.end());
        ASSERT_EQ(*lines_total(front) + *lines_total(back), sum);
    }
}

TEST(RecordProperty, ANegativeInvoiceMirrorsItsCreditNote) {
    Maker maker(20110102);
    int negative = 0;
    for (int round = 0; round < 2'000; ++round) {
        const Invoice invoice{maker.document(/*signed_lines=*/true)};
        const auto note = as_credit_note(invoice);
        ASSERT_EQ(note.has_value(), invoice.document.total.is_negative());
        if (!note) continue;
        ++negative;
        ASSERT_TRUE(check_record({*note, {}}).ok());
        ASSERT_EQ(*lines_total(note->document), -*lines_total(invoice.document));
    }
    EXPECT_GT(negative, 50);
}

}  // namespace
}  // namespace spillway
