#include "tests/unit/sandbox/xero_fixture.hpp"

using namespace spillway;
using namespace spillway::sandbox;

namespace {
constexpr const char* kTaken = "is already assigned to another contact";
constexpr const char* kArchived = "The specified contact details matched an archived contact.";

std::string contact_id(Xero& xero, const std::string& body) {
    return xero.api("PUT", "Contacts?summarizeErrors=false", body)
        .json["Contacts"]
        .items()[0]["ContactID"]
        .string_or("");
}
}  // namespace

TEST(XeroContacts, RefusesWhatTheLedgerCannotTake) {
    Xero xero;
    contact_id(xero, R"({"Name":"Ann","ContactNumber":"c1","AccountNumber":"a1"})");
    struct Case {
        std::string body, message;
    };
    for (const Case& one :
         {Case{R"({"Name":"Ann"})", kTaken}, Case{R"({"Name":"ANN"})", kTaken},
          Case{R"({"Name":"B","ContactNumber":"c1"})", "Another contact has this contact number."},
          Case{R"({"Name":"B","AccountNumber":"a1"})", "The Account Number already exists"},
          Case{R"({"Name":"B","EmailAddress":"nobody"})", "Email address must be valid."},
          Case{R"({"EmailAddress":"a@b.c"})", "The Contact must contain at least 1"},
          Case{R"({"Name":"<b>"})", "not allowed"}, Case{R"({"Name":")" + std::string(256, 'x') + "\"}", "255"}}) {
        const Answer answer = xero.api("PUT", "Contacts?summarizeErrors=false", one.body);
        EXPECT_EQ(answer.status, 200);
        EXPECT_NE(message(answer, "Contacts").find(one.message), std::string::npos)
            << one.body << " -> " << answer.text;
        EXPECT_EQ(answer.json["Contacts"].items()[0]["ContactID"].text(), "00000000-0000-0000-0000-000000000000");
    }
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["contacts"].size(), 1U);
}

TEST(XeroContacts, PostMatchesByNumberThenNameAndKeepsWhatIsNotSent) {
    Xero xero;
    const std::string id = contact_id(xero, R"({"Name":"Ann","ContactNumber":"c1","EmailAddress":"a@b.c"})");
    for (const char* body : {R"({"Name":"Ann Two","ContactNumber":"c1"})", R"({"Name":"ann two","FirstName":"A"})"}) {
        const Answer answer = xero.api("POST", "Contacts?summarizeErrors=false", body);
        EXPECT_EQ(answer.json["Contacts"].items()[0]["ContactID"].text(), id);
    }
    const JsonValue ann = xero.read("Contacts", "c1");
    EXPECT_EQ(ann["Name"].text(), "ann two");
    EXPECT_EQ(ann["FirstName"].text(), "A");
    EXPECT_EQ(ann["EmailAddress"].text(), "a@b.c");
    xero.configure(R"({"post_contact_name_matches":false})");
    EXPECT_NE(
        message(xero.api("POST", "Contacts?summarizeErrors=false", R"({"Name":"Ann Two"})"), "Contacts").find(kTaken),
        std::string::npos);
}

TEST(XeroContacts, ArchivedContactsCannotBeEditedUnarchivedOrUsed) {
    Xero xero;
    const std::string id = contact_id(xero, R"({"Name":"Ann"})");
    EXPECT_EQ(xero.api("POST", "Contacts/" + id, R"({"ContactStatus":"ARCHIVED"})").status, 200);
    for (const auto& [method, path, body] :
         {std::tuple{"POST", "Contacts/" + id, std::string(R"({"ContactStatus":"ACTIVE"})")},
          std::tuple{"POST", std::string("Contacts"), R"({"ContactID":")" + id + R"(","FirstName":"x"})"},
          std::tuple{"PUT", std::string("Contacts"), std::string(R"({"Name":"Ann"})")}}) {
        const Answer answer = xero.api(method, path, body);
        EXPECT_EQ(answer.status, 400);
        EXPECT_NE(message(answer, "Contacts").find(kArchived), std::string::npos) << answer.text;
    }
    const Answer invoice = xero.api("PUT", "Invoices?summarizeErrors=false", Xero::invoice_body("1"));
    EXPECT_NE(message(invoice, "Invoices").find("has been archived"), std::string::npos) << invoice.text;
    EXPECT_EQ(xero.api("GET", "Contacts").json["Contacts"].items().size(), 0U);
    EXPECT_EQ(xero.api("GET", "Contacts?includeArchived=true").json["Contacts"].items().size(), 1U);
}

TEST(XeroContacts, UnknownIdIsA404WithoutJson) {
    Xero xero;
    const std::string none = "11111111-1111-4111-8111-111111111111";
    for (const Answer& answer :
         {xero.api("GET", "Contacts/" + none), xero.api("POST", "Contacts/" + none, R"({"Name":"x"})"),
          xero.api("POST", "Contacts", R"({"Contacts":[{"Name":"new"},{"ContactID":")" + none + "\"}]}")}) {
        EXPECT_EQ(answer.status, 404);
        EXPECT_EQ(answer.text, "");
        EXPECT_TRUE(answer.header("Content-Type").starts_with("text/html"));
    }
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["contacts"].size(), 0U) << "nothing of the call is applied";
}

TEST(XeroItems, CodeIsUniqueAndAtMostThirty) {
    Xero xero;
    const std::string code30(30, 'c');
    EXPECT_EQ(message(xero.api("PUT", "Items?summarizeErrors=false", R"({"Code":")" + code30 + "\"}"), "Items"), "");
    struct Case {
        std::string body, message;
    };
    for (const Case& one :
         {Case{R"({"Code":")" + code30 + "\"}", "already exists"},
          Case{R"({"Code":")" + code30 + "c\"}", "30 characters"}, Case{R"({"Name":"x"})", "must be supplied"},
          Case{R"({"Code":"a","Name":")" + std::string(51, 'x') + "\"}", "50 characters"},
          Case{R"({"Code":"a","SalesDetails":{"AccountCode":"999"}})", "Account code '999'"},
          Case{R"({"Code":"a","SalesDetails":{"TaxType":"GST"}})", "The TaxType code 'GST'"}})
        EXPECT_NE(message(xero.api("PUT", "Items?summarizeErrors=false", one.body), "Items").find(one.message),
                  std::string::npos)
            << one.body;
    EXPECT_EQ(xero.model->ledger()["tenants"][0]["items"].size(), 1U);
}

TEST(XeroItems, PostMatchesByCodeAndDeleteAnswersNoContent) {
    Xero xero;
    const Answer put = xero.api("PUT", "Items?unitdp=4", R"({"Code":"A1","SalesDetails":{"UnitPrice":1.23456}})");
    const std::string id = put.json["Items"].items()[0]["ItemID"].string_or("");
    EXPECT_EQ(put.json["Items"].items()[0]["SalesDetails"]["UnitPrice"].text(), "1.2346");
    const Answer post = xero.api("POST", "Items", R"({"Code":"a1","Name":"New"})");
    EXPECT_EQ(post.json["Items"].items()[0]["ItemID"].text(), id);
    EXPECT_EQ(post.json["Items"].items()[0]["SalesDetails"]["UnitPrice"].text(), "1.23")
        << "two places without unitdp=4";
    EXPECT_EQ(xero.api("GET", "Items?where=Code%3D%3D%22a1%22").json["Items"].items().size(), 1U);
    EXPECT_EQ(xero.api("DELETE", "Items/" + id).status, 204);
    EXPECT_EQ(xero.api("GET", "Items/" + id).status, 404);
}
