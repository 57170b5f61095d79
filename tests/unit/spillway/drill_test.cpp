#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/drill/month.hpp"
#include "services/drill/tie_out.hpp"
#include "tests/unit/spillway/sample.hpp"

using namespace spillway;
using namespace spillway::test;
using drill::Difference;
using testing::HasSubstr;

namespace {

/// Books that hold exactly what an import says.
drill::Books exact_books(const csv::Import& import, std::string provider = "xero") {
    drill::Books books;
    books.provider = std::move(provider);
    std::map<std::string, std::string> names;
    for (const auto& contact : import.contacts) {
        books.contacts.push_back(names[contact.external_id] = std::get<Contact>(contact.record.body).name);
    }
    for (const auto& item : import.items) books.items.push_back(std::get<Item>(item.record.body).code);
    for (const auto& named : import.documents) {
        const Document& document = *document_of(named.record);
        const bool credit = named.record.kind() == RecordKind::credit_note;
        books.documents.push_back(
            {document.number, names[document.contact], credit, credit ? -document.total : document.total});
    }
    return books;
}

csv::Import sample() { return csv::import_csv(read_text(dirty_file()), retail()).value(); }

}  // namespace

TEST(Month, IsTheSameForASeedAndAnotherForAnother) {
    EXPECT_EQ(drill::generate_month({60, 3}), drill::generate_month({60, 3}));
    EXPECT_NE(drill::generate_month({60, 3}), drill::generate_month({60, 4}));
}

TEST(Month, HasAsManyDocumentsAsAskedFor) {
    for (const std::size_t documents : {1u, 2u, 50u, 333u}) {
        const auto import = csv::import_csv(drill::generate_month({documents, 9}), retail());
        ASSERT_TRUE(import.ok()) << import.error().detail;
        EXPECT_EQ(import->imported.documents, documents);
        EXPECT_TRUE(import->adds_up());
    }
}

TEST(Month, IsAsDirtyAsARealOne) {
    const auto import = csv::import_csv(drill::generate_month({1885, 1}), retail());
    ASSERT_TRUE(import.ok()) << import.error().detail;
    const auto near = [](std::size_t value, std::size_t least, std::size_t most) {
        return value >= least && value <= most;
    };
    EXPECT_EQ(import->excluded_total().documents, 140u);
    EXPECT_PRED3(near, import->credit_notes.documents, 250, 400);
    EXPECT_PRED3(near, import->imported.lines, 30'000, 50'000);
    EXPECT_PRED3(near, import->items.size(), 2'500, 3'000);
    EXPECT_PRED3(near, import->contacts.size(), 700, 950);
    EXPECT_PRED3(near, tally(import->decided, "no_customer").documents, 130, 230);
    EXPECT_PRED3(near, tally(import->decided, "spaces").lines, 5'000, 12'000);
    for (const char* rule : {"item_code_case", "not_stock", "customer_id_decimal", "country_unknown"})
        EXPECT_GT(tally(import->decided, rule).lines, 0u) << rule;
    for (const char* rule : {"zero_price", "write_off"}) EXPECT_GT(tally(import->excluded, rule).lines, 50u) << rule;
}

TEST(TieOut, FindsNothingWhereBooksAreRight) {
    const csv::Import import = sample();
    const drill::Side side = drill::compare(import, exact_books(import));
    EXPECT_TRUE(side.differences.empty());
    EXPECT_TRUE(side.duplicates.empty());
    EXPECT_EQ(side.documents, import.documents.size());
    EXPECT_EQ(side.total, import.imported.total);
    EXPECT_EQ(side.records, import.documents.size() + import.contacts.size() + import.items.size());
}

TEST(TieOut, FindsEachKindOfDifference) {
    struct Case {
        const char* name;
        void (*spoil)(drill::Books&);
        Difference::Kind kind;
        const char* detail;
    };
    const Case cases[] = {
        {"missing document", [](drill::Books& b) { b.documents.erase(b.documents.begin()); }, Difference::Kind::missing,
         ""},
        {"extra document", [](drill::Books& b) { b.documents.push_back({"X1", "Cash sales", false, Decimal(1, 0)}); },
         Difference::Kind::extra, ""},
        {"duplicate document", [](drill::Books& b) { b.documents.push_back(b.documents[0]); },
         Difference::Kind::duplicate, ""},
        {"other total", [](drill::Books& b) { b.documents[0].net += Decimal(1, 2); }, Difference::Kind::differs,
         "net 38.40 at source, 38.41"},
        {"other type", [](drill::Books& b) { b.documents[0].credit_note = true; }, Difference::Kind::differs,
         "type invoice at source, credit_note"},
        {"other contact", [](drill::Books& b) { b.documents[0].contact = "Somebody"; }, Difference::Kind::differs,
         "contact Customer 17850 at source, Somebody"},
        {"missing contact", [](drill::Books& b) { b.contacts.erase(b.contacts.begin()); }, Difference::Kind::missing,
         ""},
        {"duplicate contact", [](drill::Books& b) { b.contacts.push_back("CUSTOMER 17850"); },
         Difference::Kind::duplicate, ""},
        {"missing item", [](drill::Books& b) { b.items.pop_back(); }, Difference::Kind::missing, ""},
        {"duplicate item", [](drill::Books& b) { b.items.push_back("85123a"); }, Difference::Kind::duplicate, ""},
    };
    const csv::Import import = sample();
    for (const Case& one : cases) {
        drill::Books books = exact_books(import);
        one.spoil(books);
        const drill::Side side = drill::compare(import, books);
        std::vector<Difference> all = side.differences;
        all.insert(all.end(), side.duplicates.begin(), side.duplicates.end());
        ASSERT_EQ(all.size(), 1u) << one.name;
        EXPECT_EQ(all[0].kind, one.kind) << one.name;
        EXPECT_THAT(all[0].detail, HasSubstr(one.detail)) << one.name;
        drill::TieOut result;
        result.source = &import;
        result.sides = {side};
        EXPECT_FALSE(result.exact()) << one.name;
    }
}

TEST(TieOut, LeavesTheBooksOwnContactsAndItemsAlone) {
    const csv::Import import = sample();
    drill::Books books = exact_books(import);
    books.contacts.insert(books.contacts.end(), {"Own", "Own"});
    books.items.push_back("OWN");
    EXPECT_TRUE(drill::compare(import, books).differences.empty());
    EXPECT_TRUE(drill::compare(import, books).duplicates.empty());
}

TEST(TieOut, WritesTheReport) {
    const csv::Import import = sample();
    drill::Books xero = exact_books(import), qbo = exact_books(import, "qbo");
    xero.calls = 10;
    xero.document_calls = 3;
    qbo.documents.pop_back();
    qbo.throttled = 2;
    drill::TieOut result;
    result.source = &import;
    result.sides = {drill::compare(import, xero), drill::compare(import, qbo)};
    result.circumstances = {1, Decimal(12345, 3)};
    const auto json = parse_json(drill::report_json(result));
    ASSERT_TRUE(json.ok());
    EXPECT_EQ(write_json((*json)["xero"]), R"({"documents":6,"total":67.10})");
    EXPECT_EQ(write_json((*json)["qbo"]), R"({"documents":5,"total":39.55})");
    EXPECT_EQ((*json)["source"]["total"].text(), "67.10");
    EXPECT_EQ(
        write_json((*json)["excluded"]),
        R"({"zero_price":{"documents":1,"lines":2,"total":0.00},"write_off":{"documents":1,"lines":1,"total":0.00}})");
    EXPECT_EQ((*json)["differences"].text(), "1");
    EXPECT_EQ((*json)["duplicates"].text(), "0");
    EXPECT_EQ((*json)["calls"]["xero"].text(), "10");
    EXPECT_EQ((*json)["calls_per_record"]["xero"].text(), "0.5000");
    EXPECT_EQ((*json)["throttled"].text(), "2");
    EXPECT_EQ((*json)["parked"].text(), "1");
    EXPECT_EQ((*json)["seconds"].text(), "12.345");
    EXPECT_EQ((*json)["details"].items().size(), 1u);
    EXPECT_THAT(drill::report_text(result), HasSubstr("NOT EXACT"));
}

TEST(TieOut, ReadsTheSandboxLedger) {
    const auto ledger = parse_json(R"({"provider":"qbo","tenants":[
      {"id":"1","contacts":[{"name":"A","status":"active"},{"name":"B","status":"inactive"}],"items":[{"code":"X","name":"X"}],
       "documents":[{"type":"invoice","number":"1","contact":"A","net":"2.50","status":"open"},
                    {"type":"credit_note","number":"C1","contact":"A","net":"1.00","status":"open"},
                    {"type":"invoice","number":"2","contact":"A","net":"0.00","status":"voided"}]},
      {"id":"2","contacts":[],"items":[],"documents":[{"type":"invoice","number":"9","contact":"Z","net":"9","status":"open"}]}],
     "calls":{"total":9,"throttled":1,"by_operation":{"POST batch":4,"GET companyinfo":1,"POST invoice":2},
              "by_batch":{"Customer":1,"CreditMemo+Invoice":2,"Item":1}}})");
    ASSERT_TRUE(ledger.ok());
    const auto books = drill::read_ledger(*ledger, "1");
    ASSERT_TRUE(books.ok());
    ASSERT_EQ(books->documents.size(), 2u);
    EXPECT_EQ(books->documents[1].net, Decimal(-1, 0));
    EXPECT_EQ(books->contacts, std::vector<std::string>{"A"});
    EXPECT_EQ(books->document_calls, 4);
    EXPECT_EQ(books->throttled, 1);
    EXPECT_EQ(drill::read_ledger(*ledger)->documents.size(), 3u);
    EXPECT_EQ(drill::read_ledger(*ledger, "3").error().code, "no_such_tenant");
    EXPECT_EQ(drill::read_ledger(JsonValue()).error().code, "bad_ledger");
}
