#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sandbox_qbo/world.hpp"

namespace spillway::sandbox {
namespace {

TEST(QboNames, BadCustomersAndItemsAreRefused) {
    struct Row {
        const char *path, *body, *code;
    };
    const Row rows[] = {
        {"/customer", R"({})", "2020"},
        {"/customer", R"({"DisplayName":"a:b"})", "2040"},
        {"/customer", R"({"DisplayName":"acme"})", "6240"},
        {"/vendor", R"({"DisplayName":"Acme"})", "6240"},
        {"/employee", R"({"DisplayName":"Acme"})", "6240"},
        {"/customer", R"({"DisplayName":"x","Colour":"red"})", "2010"},
        {"/customer", R"({"DisplayName":"x","Title":"12345678901234567"})", "2050"},
        {"/customer", R"({"DisplayName":"x","CurrencyRef":{"value":"USD"}})", "2220"},
        {"/customer", R"({"DisplayName":"x","Active":"perhaps"})", "2120"},
        {"/customer", R"({"DisplayName":"x","ParentRef":{"value":"77"}})", "2500"},
        {"/customer", R"({"DisplayName")", "2010"},
        {"/item", R"({"Name":"widget","IncomeAccountRef":{"value":"1"}})", "6240"},
        {"/item", R"({"Name":"x"})", "2020"},
        {"/item", R"({"Name":"x","IncomeAccountRef":{"value":"4"}})", "6430"},
        {"/item", R"({"Name":"x","IncomeAccountRef":{"value":"400"}})", "2500"},
        {"/item", R"({"Name":"x","Type":"Gizmo","IncomeAccountRef":{"value":"1"}})", "2170"},
        {"/item", R"({"Name":"x","UnitPrice":"dear","IncomeAccountRef":{"value":"1"}})", "2090"},
        {"/taxcode", R"({"Name":"x"})", "500"},
        {"/unicorn", R"({"Name":"x"})", "500"},
    };
    World world;
    for (const Row& row : rows) {
        const Reply reply = world.post(row.path, row.body);
        EXPECT_EQ(reply.code(), row.code) << row.path << " " << row.body << " " << reply.text;
        EXPECT_EQ(reply.status, 400) << row.body;
        EXPECT_TRUE(reply.json["time"].is_string());
    }
}

TEST(QboNames, NameIsMadeOfItsParts) {
    World world;
    const Reply reply = world.post("/customer", R"({"GivenName":"Ada","FamilyName":"Byron"})");
    EXPECT_EQ(reply.json["Customer"]["DisplayName"].text(), "Ada Byron");
    EXPECT_EQ(reply.json["Customer"]["SyncToken"].text(), "0");
    EXPECT_EQ(reply.json["Customer"]["MetaData"]["CreateTime"].string_or("").substr(0, 10), "2026-03-02");
}

TEST(QboNames, DeactivatingAddsTheSuffixAndFreesTheNameOrNot) {
    for (const bool free : {true, false}) {
        World world;
        EXPECT_EQ(world.set(free ? R"({"deactivated_name_free":true})" : R"({"deactivated_name_free":false})"), "");
        const std::string id = world.customer("Gone");
        const Reply reply =
            world.post("/customer", R"({"sparse":true,"Active":false,"SyncToken":"0","Id":")" + id + "\"}");
        EXPECT_EQ(reply.json["Customer"]["DisplayName"].text(), "Gone (deleted)");
        EXPECT_EQ(world.query("select * from Customer where DisplayName = 'Gone (deleted)'")
                      .json["QueryResponse"]
                      .members()
                      .size(),
                  0u);
        EXPECT_EQ(world.query("select * from Customer where DisplayName = 'Gone (deleted)' and Active in (true, false)")
                      .json["QueryResponse"]["Customer"]
                      .items()
                      .size(),
                  1u);
        EXPECT_EQ(world.post("/customer", R"({"DisplayName":"Gone"})").code(), free ? "" : "6240");
        EXPECT_EQ(world
                      .post("/invoice", R"({"CustomerRef":{"value":")" + id +
                                            R"("},"GlobalTaxCalculation":"TaxExcluded","Line":[]})")
                      .code(),
                  "2500");
    }
}

TEST(QboNames, SparseKeepsFullDropsAndTheTokenGuards) {
    World world;
    const std::string id = world.post("/customer", R"({"DisplayName":"N","Notes":"n","CompanyName":"c"})")
                               .json["Customer"]["Id"]
                               .string_or("");
    const auto update = [&](const std::string& rest) {
        return world.post("/customer", "{\"Id\":\"" + id + "\"," + rest + "}");
    };
    const Reply sparse = update(R"("SyncToken":"0","sparse":true,"Notes":"m")");
    EXPECT_EQ(sparse.json["Customer"]["CompanyName"].text(), "c");
    EXPECT_EQ(sparse.json["Customer"]["SyncToken"].text(), "1");
    EXPECT_EQ(update(R"("SyncToken":"1","sparse":true,"Notes":"m")").json["Customer"]["SyncToken"].text(), "1");
    EXPECT_EQ(update(R"("SyncToken":"0","sparse":true,"Notes":"k")").code(), "5010");
    EXPECT_EQ(update(R"("sparse":true,"Notes":"k")").code(), "2020");
    const Reply full = update(R"("SyncToken":"1","DisplayName":"N")");
    EXPECT_TRUE(full.json["Customer"]["CompanyName"].is_null());
    EXPECT_EQ(full.json["Customer"]["SyncToken"].text(), "2");
    EXPECT_EQ(world.post("/customer", R"({"Id":"999","SyncToken":"0","DisplayName":"N2"})").code(), "610");
}

TEST(QboNames, ListsOfTheCompanyCanBeRead) {
    World world;
    EXPECT_EQ(world.get("/companyinfo/" + kUk).json["CompanyInfo"]["CompanyName"].text(), "Sandbox Company_UK_1");
    const JsonValue preferences = world.get("/preferences").json["Preferences"];
    EXPECT_TRUE(preferences["SalesFormsPrefs"]["CustomTxnNumbers"].bool_or(false));
    EXPECT_EQ(preferences["CurrencyPrefs"]["HomeCurrency"]["value"].text(), "GBP");
    EXPECT_TRUE(preferences["AccountingInfoPrefs"]["BookCloseDate"].is_null());
    EXPECT_EQ(world.get("/taxcode/1").json["TaxCode"]["Name"].text(), "20.0% S");
    EXPECT_EQ(world.get("/taxrate/1").json["TaxRate"]["RateValue"].text(), "20");
    EXPECT_EQ(world.query("select * from Account where Name = 'Undeposited Funds'")
                  .json["QueryResponse"]["Account"]
                  .items()
                  .size(),
              1u);
    EXPECT_EQ(world.get("/invoice/12").code(), "610");
    EXPECT_EQ(world.get("/invoice/x").code(), "2030");
}

}  // namespace
}  // namespace spillway::sandbox
