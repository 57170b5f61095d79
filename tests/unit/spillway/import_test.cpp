#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/record_json.hpp"
#include "tests/unit/spillway/sample.hpp"

using namespace spillway;
using namespace spillway::test;
using testing::HasSubstr;

namespace {

const Document& document(const csv::Import& import, std::string_view number) {
    for (const csv::NamedRecord& named : import.documents)
        if (named.external_id == number) return *document_of(named.record);
    throw std::runtime_error("no document " + std::string(number));
}

RecordKind kind_of(const csv::Import& import, std::string_view number) {
    for (const csv::NamedRecord& named : import.documents)
        if (named.external_id == number) return named.record.kind();
    throw std::runtime_error("no document " + std::string(number));
}

template <class T>
const T& body(const std::vector<csv::NamedRecord>& records, std::string_view id) {
    for (const csv::NamedRecord& named : records)
        if (named.external_id == id) return std::get<T>(named.record.body);
    throw std::runtime_error("no record " + std::string(id));
}

}  // namespace

TEST(CsvImport, CountsTheDirtySampleToThePenny) {
    const auto import = csv::import_csv(read_text(dirty_file()), retail());
    ASSERT_TRUE(import.ok()) << import.error().detail;
    EXPECT_EQ(import->file, tally_of(8, 14, "67.10"));
    EXPECT_EQ(import->imported, tally_of(6, 11, "67.10"));
    EXPECT_EQ(import->credit_notes, tally_of(2, 2, "-29.25"));
    EXPECT_EQ(import->excluded_total(), tally_of(2, 3, "0"));
    EXPECT_TRUE(import->adds_up());
    EXPECT_EQ(import->contacts.size(), 4u) << "three customers and cash sales";
    EXPECT_EQ(import->items.size(), 6u);
    EXPECT_EQ(tally(import->excluded, "zero_price"), tally_of(1, 2, "0"));
    EXPECT_EQ(tally(import->excluded, "write_off"), tally_of(1, 1, "0"));

    struct Case {
        const char* rule;
        csv::Tally tally;
    };
    const Case cases[] = {
        {"item_code_case", tally_of(1, 1, "5.10")},
        {"spaces", tally_of(3, 3, "49.50")},
        {"not_stock", tally_of(2, 2, "-7.00")},
        {"no_customer", tally_of(1, 1, "12.75")},
        {"customer_id_decimal", tally_of(5, 10, "54.35")},
        {"description_missing", tally_of(1, 1, "2.10")},
        {"negative_line", tally_of(2, 2, "-29.25")},
        {"negative_total", tally_of(1, 1, "-25.00")},
        {"country_unknown", tally_of(1, 2, "27.55")},
        {"country_varies", tally_of(1, 1, "-25.00")},
    };
    for (const Case& one : cases) {
        const csv::Tally met = tally(import->decided, one.rule);
        EXPECT_TRUE(met == one.tally) << one.rule << ": " << met.documents << " documents, " << met.lines << " lines, "
                                      << met.total.to_string();
    }
    EXPECT_EQ(import->decided.size(), std::size(cases));
}

TEST(CsvImport, BuildsRecordsThatTheApiTakes) {
    const auto import = csv::import_csv(read_text(dirty_file()), retail());
    ASSERT_TRUE(import.ok());
    for (const auto* list : {&import->contacts, &import->items, &import->documents})
        for (const csv::NamedRecord& named : *list) {
            const auto read = read_record(named.record.kind(), write_record(named.record));
            ASSERT_TRUE(read.ok()) << named.external_id << " " << read.error().detail;
            EXPECT_EQ(*read, named.record);
        }
}

TEST(CsvImport, ShapesDocumentsByTheRules) {
    const auto import = csv::import_csv(read_text(dirty_file()), retail());
    ASSERT_TRUE(import.ok());
    const Document& first = document(*import, "536365");
    EXPECT_EQ(kind_of(*import, "536365"), RecordKind::invoice);
    EXPECT_EQ(first.contact, "17850");
    EXPECT_EQ(first.date.to_string(), "2010-12-01");
    EXPECT_FALSE(first.due_date);
    EXPECT_EQ(first.amounts, Amounts::none);
    EXPECT_EQ(first.total.to_string(), "38.40");
    EXPECT_EQ(first.lines[1].item, "85123A");
    EXPECT_EQ(first.lines[1].description, "white hanging heart");

    EXPECT_EQ(document(*import, "536366").lines[2].description, "POPPY'S PLAYHOUSE BEDROOM");
    EXPECT_EQ(document(*import, "536367").contact, "cash-sales");
    EXPECT_EQ(document(*import, "536367").lines.size(), 1u);
    EXPECT_EQ(document(*import, "536372").lines[0].description, "RECIPE BOX WITH METAL HEART");
    EXPECT_EQ(document(*import, "536372").total.to_string(), "27.55") << "a negative line stays in the invoice";

    const Document& credit = document(*import, "C536370");
    EXPECT_EQ(kind_of(*import, "C536370"), RecordKind::credit_note);
    EXPECT_EQ(credit.total.to_string(), "4.25");
    EXPECT_EQ(credit.lines[0].quantity, Decimal(1, 0));
    EXPECT_EQ(kind_of(*import, "536371"), RecordKind::credit_note) << "negative without the prefix";
    EXPECT_EQ(document(*import, "536371").total.to_string(), "25.00");
}

TEST(CsvImport, NamesContactsAndItems) {
    const auto import = csv::import_csv(read_text(dirty_file()), retail());
    ASSERT_TRUE(import.ok());
    EXPECT_EQ(body<Contact>(import->contacts, "17850").name, "Customer 17850");
    EXPECT_EQ(body<Contact>(import->contacts, "17850").address->country, "GB");
    EXPECT_FALSE(body<Contact>(import->contacts, "12583").address) << "the Channel Islands are no country";
    EXPECT_EQ(body<Contact>(import->contacts, "cash-sales").name, "Cash sales");
    EXPECT_EQ(body<Item>(import->items, "85123A").name, "WHITE HANGING HEART T-LIGHT HOLDER") << "the most frequent";
    EXPECT_EQ(body<Item>(import->items, "22752").name, "SET OF \"3\" BOXES, LARGE");
}

TEST(CsvImport, FitsNamesAndCodesToBothProviders) {
    const std::string code = "a:" + std::string(40, 'x');
    const auto import =
        import_lines("1," + code + ",ratio 1:2 " + std::string(60, 'y') + ",1,2010-12-01 08:26:00,1.0,5,\n" +
                     "1,NODESC,,1,2010-12-01 08:26:00,1.0,5,\n1,,,1,2010-12-01 08:26:00,1.0,5,\n");
    ASSERT_TRUE(import.ok()) << import.error().detail;
    ASSERT_EQ(import->items.size(), 2u);
    const Item& item = std::get<Item>(import->items[0].record.body);
    EXPECT_EQ(item.code.size(), 30u);
    EXPECT_TRUE(item.code.starts_with("A-XXX"));
    EXPECT_EQ(item.code, import->items[0].external_id);
    EXPECT_EQ(item.name.size(), 50u);
    EXPECT_EQ(item.name.find(':'), std::string::npos);
    EXPECT_THAT(*item.description, HasSubstr("1:2"));
    EXPECT_EQ(std::get<Item>(import->items[1].record.body).name, "NODESC");
    const Document& document = *document_of(import->documents[0].record);
    EXPECT_EQ(document.lines[1].description, "NODESC");
    EXPECT_FALSE(document.lines[2].item);
    EXPECT_EQ(tally(import->decided, "item_code_altered").lines, 1u);
    EXPECT_EQ(tally(import->decided, "item_name_altered").lines, 1u);
    EXPECT_EQ(tally(import->decided, "no_item").lines, 1u);
}

TEST(CsvImport, NeverMakesOneCodeOfTwo) {
    const auto import = import_lines("1,A:B,x,1,2010-12-01 08:26:00,1.0,5,\n1,A-B,y,1,2010-12-01 08:26:00,1.0,5,\n");
    ASSERT_TRUE(import.ok());
    EXPECT_EQ(import->items.size(), 2u);
}

TEST(CsvImport, ReportsWhatRoundingTookAway) {
    const auto import = import_lines("1,A,x,3,2010-12-01 08:26:00,0.335,5,\n1,B,y,1,2010-12-01 08:26:00,0.004,5,\n");
    ASSERT_TRUE(import.ok());
    EXPECT_EQ(import->file.total, Decimal(1009, 3));
    EXPECT_EQ(import->imported.total, Decimal(101, 2));
    EXPECT_EQ(import->rounding, Decimal(-1, 3));
    EXPECT_TRUE(import->adds_up());
}

TEST(CsvImport, GathersLinesOfADocumentFromAnywhere) {
    const auto import = import_lines(
        "1,A,x,1,2010-12-01 08:26:00,1.0,,\n2,A,x,1,2010-12-01 08:26:00,1.0,6,\n"
        "1,A,x,1,2010-12-02 08:26:00,1.0,5,\n");
    ASSERT_TRUE(import.ok());
    EXPECT_EQ(import->documents.size(), 2u);
    EXPECT_EQ(document(*import, "1").contact, "5") << "one line names the customer";
    EXPECT_EQ(document(*import, "1").date.to_string(), "2010-12-01");
    EXPECT_EQ(tally(import->decided, "other_date"), tally_of(1, 1, "1"));
}

TEST(CsvImport, TurnsACreditThatIsPositiveIntoAnInvoice) {
    const auto import = import_lines("C1,A,x,1,2010-12-01 08:26:00,1.0,5,\n");
    ASSERT_TRUE(import.ok());
    EXPECT_EQ(kind_of(*import, "C1"), RecordKind::invoice);
    EXPECT_EQ(tally(import->decided, "positive_credit"), tally_of(1, 1, "1"));
}

TEST(CsvImport, RefusesWhatCannotBeRead) {
    struct Case {
        const char* lines;
        const char* detail;
    };
    const Case cases[] = {
        {",A,x,1,2010-12-01 08:26:00,1.0,5,\n", "line 2: no InvoiceNo"},
        {"1,A,x,one,2010-12-01 08:26:00,1.0,5,\n", "line 2: Quantity 'one' is no number"},
        {"1,A,x,1,2010-12-01 08:26:00,,5,\n", "line 2: UnitPrice '' is no number"},
        {"1,A,x,1,2010-12-01 08:26:00,\"1,000\",5,\n", "is no number"},
        {"1,A,x,1,01/12/2010,1.0,5,\n", "line 2: '01/12/2010' is no date"},
        {"1,A,x,1,2010-02-30 08:26:00,1.0,5,\n", "is no date"},
        {"1,A,x,1,2010-12-01 08:26:00,1.0,5,\n1,A,x,1,2010-12-01 08:26:00,1.0,6,\n",
         "line 3: document 1 names customer 6"},
        {"1,A,x,20000000000,2010-12-01 08:26:00,1.0,5,\n", "line 2: Quantity is beyond"},
        {"1,A,x,9999999999,2010-12-01 08:26:00,9999,5,\n", "line 2: the amount is too large"},
        {"1,A,x,0.00001,2010-12-01 08:26:00,0.00001,5,\n", "decimal places"},
    };
    for (const Case& one : cases) {
        const auto import = import_lines(one.lines);
        ASSERT_FALSE(import.ok()) << one.lines;
        EXPECT_EQ(import.error().kind, ErrorKind::invalid);
        EXPECT_THAT(import.error().detail, HasSubstr(one.detail));
    }
}

TEST(CsvImport, FollowsTheRulesOfTheMappingFile) {
    const std::string zero = "1,A,x,1,2010-12-01 08:26:00,0.0,5,\n1,A,x,1,2010-12-01 08:26:00,1.0,5,\n";
    csv::Format keeping = retail();
    keeping.rules.zero_price = csv::Action::keep;
    EXPECT_EQ(import_lines(zero, keeping)->imported.lines, 2u);
    csv::Format refusing = retail();
    refusing.rules.zero_price = csv::Action::refuse;
    EXPECT_THAT(import_lines(zero, refusing).error().detail, HasSubstr("line 2: refused by the rule zero_price"));
    csv::Format strict = retail();
    strict.rules.cash_sales = false;
    EXPECT_THAT(import_lines("1,A,x,1,2010-12-01 08:26:00,1.0,,\n", strict).error().detail,
                HasSubstr("has no customer"));
    csv::Format unsigned_only = retail();
    unsigned_only.rules.negative_total_is_credit_note = false;
    EXPECT_THAT(import_lines("1,A,x,-1,2010-12-01 08:26:00,1.0,5,\n", unsigned_only).error().detail,
                HasSubstr("negative"));
    csv::Format due = retail();
    due.due_days = 30;
    EXPECT_EQ(document(*import_lines("1,A,x,1,2010-12-05 08:26:00,1.0,5,\n", due), "1").due_date->to_string(),
              "2011-01-04");
    csv::Format exact_codes = retail();
    exact_codes.rules.item_code_ignores_case = false;
    EXPECT_EQ(import_lines("1,a,x,1,2010-12-05 08:26:00,1.0,5,\n1,A,x,1,2010-12-05 08:26:00,1.0,5,\n", exact_codes)
                  ->items.size(),
              2u);
}
