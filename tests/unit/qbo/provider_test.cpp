#include <gtest/gtest.h>

#include "tests/unit/qbo/builders.hpp"

namespace spillway {
namespace {

using namespace qbo_test;

TEST(QboProvider, StatesThePublishedLimits) {
    const LimitProfile limits = make_qbo()->limits();
    ASSERT_EQ(limits.windows.size(), 3u);
    EXPECT_EQ(limits.windows[0].calls, 500);
    EXPECT_EQ(limits.windows[0].span, Millis(60'000));
    EXPECT_EQ(limits.windows[1].calls, 10);
    EXPECT_EQ(limits.windows[1].span, Millis(1'000));
    EXPECT_EQ(limits.windows[2].calls, 40);
    EXPECT_TRUE(limits.windows[2].batch_only);
    EXPECT_FALSE(limits.windows[0].batch_only);
    EXPECT_EQ(limits.concurrent, 10);
    EXPECT_FALSE(limits.day);
    EXPECT_EQ(limits.throttled_default, Millis(60'000));
    EXPECT_EQ(make_qbo()->times().quiet, Millis(150'000));
    EXPECT_EQ(make_qbo()->times().key_memory_used, Millis(240'000));
}

TEST(QboProvider, AddsTheTokenAndKeepsTheCallsBytes) {
    const PreparedObject object = prepared_invoice();
    const PreparedCall call = make_qbo()->assemble("9130", std::span(&object, 1), "ab");
    const HttpRequest request = make_qbo()->request(call, "9130", Secret("tok"));
    EXPECT_EQ(request.headers.find("authorization"), "Bearer tok");
    EXPECT_EQ(request.headers.find("accept"), "application/json");
    EXPECT_EQ(request.headers.find("content-type"), "application/json");
    EXPECT_EQ(request.body, call.body);
    EXPECT_EQ(request.target, call.target);
    EXPECT_EQ(request.method, "POST");
}

TEST(QboProvider, ReadsBeforeEveryWriteToAnExistingObject) {
    for (const Verb verb : {Verb::update, Verb::void_, Verb::remove})
        EXPECT_EQ(make_qbo()->reads_before(an_invoice(), the_document(verb)), std::vector<std::string>{"document"});
    EXPECT_TRUE(make_qbo()->reads_before(an_invoice(), the_document(Verb::create)).empty());
}

TEST(QboProvider, ReadsTheCompanyThatTheCallbackClaims) {
    const auto provider = make_qbo();
    EXPECT_EQ(provider->tenants_call({.realm = "9130", .event_id = {}})->target,
              "/v3/company/9130/companyinfo/9130?minorversion=75");
    for (const char* bad : {"", "9130/x", "91 30", "-1", "9130?a", "1234567890123456789012345678901"})
        EXPECT_EQ(provider->tenants_call({.realm = bad, .event_id = {}}).error().code, "bad_realm") << bad;
    const ConsentClaims claims{.realm = "9130", .event_id = {}};
    const auto tenants = provider->read_tenants(claims, answered(200, R"({"CompanyInfo":{"CompanyName":"Demo"}})"));
    ASSERT_TRUE(tenants.ok());
    ASSERT_EQ(tenants->size(), 1u);
    EXPECT_EQ(tenants->front().id, "9130");
    EXPECT_EQ(tenants->front().name, "Demo");
    EXPECT_EQ(provider->read_tenants(claims, answered(403, "")).error().code, "other_company");
    EXPECT_EQ(provider->read_tenants(claims, answered(401, "")).error().code, "other_company");
    EXPECT_EQ(provider->read_tenants(claims, answered(429, "")).error().kind, ErrorKind::throttled);
    EXPECT_EQ(provider->read_tenants(claims, answered(200, "{}")).error().kind, ErrorKind::unavailable);
    EXPECT_EQ(provider->read_tenants(claims, answered(500, "")).error().kind, ErrorKind::unavailable);
}

TEST(QboProvider, LinksIntoTheWebSite) {
    const auto url = [](std::string entity) { return make_qbo()->object_url(link("r", std::move(entity), "130")); };
    EXPECT_EQ(url("Invoice"), "https://app.qbo.intuit.com/app/invoice?txnId=130");
    EXPECT_EQ(url("CreditMemo"), "https://app.qbo.intuit.com/app/creditmemo?txnId=130");
    EXPECT_EQ(url("Payment"), "https://app.qbo.intuit.com/app/recvpayment?txnId=130");
    EXPECT_EQ(url("Customer"), "https://app.qbo.intuit.com/app/customerdetail?nameId=130");
    EXPECT_EQ(url("Vendor"), "https://app.qbo.intuit.com/app/vendordetail?nameId=130");
    EXPECT_EQ(url("Item"), "https://app.qbo.intuit.com/app/items");
}

}  // namespace
}  // namespace spillway
