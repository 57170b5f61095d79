#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

class QboQuery : public testing::Test {
 protected:
    QboQuery() {
        world.customer("O'Hara \\\\ Sons");
        world.customer("Beta");
        for (const char* number : {"Q-1", "Q-2", "Q-3"}) world.invoice(number, "10.00");
    }
    std::size_t rows(const std::string& statement, const char* entity = "Invoice") {
        const Reply reply = world.query(statement);
        EXPECT_EQ(reply.status, 200) << statement << reply.text;
        return reply.json["QueryResponse"][entity].items().size();
    }

    World world;
};

TEST_F(QboQuery, FindsWhatTheGrammarAllows) {
    struct Row {
        const char *statement, *entity;
        std::size_t count;
    };
    const Row rows_of[] = {
        {"select * from Invoice", "Invoice", 3},
        {"select * from invoice where DocNumber = 'Q-2'", "Invoice", 1},
        {"Select Id, DocNumber From Invoice Where DocNumber IN ('Q-1', 'Q-3', 'Q-9')", "Invoice", 2},
        {"select * from Invoice where DocNumber LIKE 'Q%'", "Invoice", 3},
        {"select * from Invoice where DocNumber like '%-2'", "Invoice", 1},
        {"select * from Invoice where Id = '2'", "Invoice", 1},
        {"select * from Invoice where Id in ('1','2')", "Invoice", 2},
        {"select * from Invoice where TxnDate >= '2026-03-01' and TxnDate <= '2026-03-01'", "Invoice", 3},
        {"select * from Invoice where TxnDate > '2026-03-01'", "Invoice", 0},
        {"select * from Invoice where Balance > '9.99'", "Invoice", 3},
        {"select * from Invoice where CustomerRef = '1' and DocNumber = 'Q-1'", "Invoice", 1},
        {"select * from Invoice where CustomerRef = '2'", "Invoice", 0},
        {"select * from Invoice where MetaData.CreateTime >= '2026-03-02T04:00:00-08:00'", "Invoice", 3},
        {"select * from Invoice where MetaData.LastUpdatedTime < '2026-03-02T04:00:00-08:00'", "Invoice", 0},
        {"select * from Customer where DisplayName = 'O\\'Hara \\\\ Sons'", "Customer", 1},
        {"select * from Customer where Active = true", "Customer", 3},
        {"select * from Invoice startposition 2 maxresults 5", "Invoice", 2},
        {"select * from Invoice startposition 9", "Invoice", 0},
        {"select * from TaxCode", "TaxCode", 5},
        {"select * from CompanyInfo", "CompanyInfo", 1},
    };
    for (const Row& row : rows_of) EXPECT_EQ(rows(row.statement, row.entity), row.count) << row.statement;
}

TEST_F(QboQuery, OrdersPagesAndCounts) {
    const Reply reply = world.query("select * from Invoice ORDERBY DocNumber DESC STARTPOSITION 1 MAXRESULTS 2");
    const JsonValue& response = reply.json["QueryResponse"];
    EXPECT_EQ(response["Invoice"].items().at(0)["DocNumber"].text(), "Q-3");
    EXPECT_EQ(response["maxResults"].int64_or(0), 2);
    EXPECT_EQ(response["startPosition"].int64_or(0), 1);
    EXPECT_EQ(world.query("select count(*) from Invoice").json["QueryResponse"]["totalCount"].int64_or(0), 3);
    EXPECT_EQ(write_json(world.query("select * from Payment").json["QueryResponse"]), "{}");
    EXPECT_EQ(world.post("/query", "select * from Invoice").json["QueryResponse"]["Invoice"].items().size(), 3u);
}

TEST_F(QboQuery, BadQueriesAreRefused) {
    struct Row {
        const char *statement, *code;
    };
    const Row rows_of[] = {
        {"", "4000"},
        {"select * frm Invoice", "4000"},
        {"select * from Invoice where DocNumber = 'x' or DocNumber = 'y'", "4000"},
        {"select * from Invoice where DocNumber = 'x", "4000"},
        {"select * from Invoice where DocNumber ! 'x'", "4000"},
        {"select * from Invoice group by Id", "4000"},
        {"select * from Invoice startposition x", "4000"},
        {"select * from Unicorn", "4001"},
        {"select * from Invoice startposition 0", "4001"},
        {"select * from Invoice maxresults 1001", "4001"},
        {"select * from Invoice where PrivateNote = 'x'", "4001"},
        {"select * from Invoice where TotalAmt = '10'", "4001"},
        {"select * from Invoice where Nonsense = '10'", "4001"},
        {"select * from Invoice where Id > '1'", "4001"},
        {"select * from Invoice where Balance > 'much'", "4001"},
        {"select * from Payment where UnappliedAmt > '0'", "4001"},
        {"select * from Payment where TotalAmt = '1'", "4001"},
        {"select * from Payment where PrivateNote = '1'", "4001"},
        {"select * from Vendor where AcctNum = '1'", "4001"},
        {"select * from Item where Sku = '1'", "4001"},
        {"select * from Invoice orderby PrivateNote", "4001"},
    };
    for (const Row& row : rows_of) {
        const Reply reply = world.query(row.statement);
        EXPECT_EQ(reply.code(), row.code) << row.statement << reply.text;
        EXPECT_EQ(reply.status, 400);
    }
}

TEST_F(QboQuery, SwitchesPlayTheDisputedReadings) {
    ASSERT_EQ(world.set(R"({"query_entity_case":"exact","item_sku_queryable":true,"payment_total_queryable":true})"),
              "");
    EXPECT_EQ(world.query("select * from invoice").code(), "4001");
    EXPECT_EQ(world.query("select * from Item where Sku = '1'").code(), "");
    EXPECT_EQ(world.query("select * from Payment where TotalAmt = '1'").code(), "");
    ASSERT_EQ(world.set(R"({"query_delay_seconds":60})"), "");
    EXPECT_EQ(rows("select * from Invoice"), 0u);
    world.pass(std::chrono::seconds(61));
    EXPECT_EQ(rows("select * from Invoice"), 3u);
    world.post("/invoice", R"({"sparse":true,"SyncToken":"0","PrivateNote":"n","Id":"1"})");
    ASSERT_EQ(world.set(R"({"query_stale_sync_token":true})"), "");
    EXPECT_EQ(world.query("select * from Invoice where Id = '1'")
                  .json["QueryResponse"]["Invoice"]
                  .items()
                  .at(0)["SyncToken"]
                  .text(),
              "0");
    EXPECT_NE(world.set(R"({"query_entity_case":"some"})"), "");
    EXPECT_NE(world.set(R"({"no_such_switch":1})"), "");
}

TEST_F(QboQuery, ChangesSinceATimeIncludeDeletedOnes) {
    world.pass(std::chrono::hours(0));
    const std::string since = "2026-03-02T04:00:00-08:00";
    world.post("/invoice?operation=delete", R"({"SyncToken":"0","Id":"3"})");
    const Reply reply = world.get("/cdc?entities=Invoice,Payment&changedSince=" + since);
    const JsonValue& groups = reply.json["CDCResponse"].items().at(0)["QueryResponse"];
    EXPECT_EQ(groups.items().at(0)["Invoice"].items().size(), 3u);
    EXPECT_EQ(groups.items().at(0)["Invoice"].items().back()["status"].text(), "Deleted");
    EXPECT_EQ(write_json(groups.items().at(1)), "{}");
    EXPECT_EQ(world.get("/cdc?entities=TaxCode&changedSince=" + since).code(), "2000");
    EXPECT_EQ(world.get("/cdc?entities=Invoice&changedSince=long ago").code(), "2060");
}

}  // namespace
}  // namespace spillway::sandbox
