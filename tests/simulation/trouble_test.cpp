// Trouble at the provider: throttling, errors, poison, refusals. It stays where it is, uses up nobody's attempts, and
// the books are right in the end.

#include <gtest/gtest.h>

#include "tests/simulation/source.hpp"

namespace spillway::test {
namespace {

class Trouble : public testing::TestWithParam<std::string> {
 protected:
    void SetUp() override { connection = world.connect(GetParam()); }
    [[nodiscard]] bool xero() const { return GetParam() == "xero"; }
    /// Contacts and items are in the books already, so that trouble meets the documents.
    void know_contact_and_item() {
        world.put(connection, "contact", "C1", a_contact("Customer 1"));
        world.put(connection, "item", "IT1", an_item("IT1"));
        ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    }
    void put_invoice(const std::string& number, const std::string& total) {
        ASSERT_EQ(world.put(connection, "invoice", number, a_document("C1", number, "IT1", total)), 202);
        source.documents[number] = *Decimal::parse(total);
    }
    std::string why(const std::string& kind, const std::string& id) {
        return world.record(connection, kind, id)["job"]["why"].string_or("");
    }

    World world{1};
    std::string connection;
    Source source;
};

/// The limit was used up by somebody else: QuickBooks says so in XML whatever was asked for.
std::string throttle_rule(const std::string& provider, const std::string& retry_after, int times) {
    const std::string headers = retry_after.empty() ? "" : R"("Retry-After":")" + retry_after + "\",";
    const std::string xml =
        R"(<?xml version=\"1.0\" encoding=\"UTF-8\"?><IntuitResponse xmlns=\"http://schema.intuit.com/finance/v3\">)"
        R"(<Fault type=\"SERVICE\"><Error code=\"003001\"><Message>message=ThrottleExceeded; errorCode=003001; )"
        R"(statusCode=429</Message></Error></Fault></IntuitResponse>)";
    return R"({"match":"write","error":{"status":429,"headers":{)" + headers + R"("Content-Type":")" +
           (provider == "qbo" ? "text/xml" : "text/plain") + R"("},"body":")" + (provider == "qbo" ? xml : "") +
           R"("},"times":)" + std::to_string(times) + "}";
}

/// Every job of the connection took one attempt, its last: none was used up on the way.
void expect_one_attempt_each(World& world, const std::string& connection) {
    const auto list = world.ok("GET", "/v1/jobs?limit=200&connection_id=" + connection);
    for (const auto& [name, value] : list.members())
        for (const auto& job : value.items())
            EXPECT_LE(job["attempts"].int64_or(99), 1) << job["key"].string_or("") << " " << job["why"].string_or("");
}

TEST_P(Trouble, ThrottlingByOthersCostsTimeAndNoAttempt) {
    // More often than a job has attempts.
    constexpr int kTimes = 30;
    for (const std::string retry_after : {"20", ""}) {
        World one(2);
        const auto there = one.connect(GetParam());
        one.faults(throttle_rule(GetParam(), retry_after, kTimes));
        const auto submitted = submit_month(one, there, 40);
        ASSERT_TRUE(one.finish(there, one.start_sync(there)));
        expect_books(one, GetParam(), submitted);
        expect_one_attempt_each(one, there);
        SteadyTime refused_at{}, allowed_again{};
        int refused = 0;
        for (const auto& call : one.seen()) {
            // Calls that left at the same moment as the refused one could not know.
            EXPECT_TRUE(call.sent >= allowed_again || call.sent == refused_at) << "a call before it was allowed again";
            if (call.status != 429) continue;
            ++refused;
            refused_at = call.sent;
            if (!retry_after.empty()) allowed_again = refused_at + std::chrono::seconds(20);
        }
        EXPECT_EQ(refused, kTimes);
    }
}

TEST_P(Trouble, ServerErrorsWithAndWithoutEffectDoubleNothing) {
    for (std::uint64_t seed = 1; seed <= seed_count(4); ++seed) {
        World one(seed);
        const auto there = one.connect(GetParam());
        one.faults(R"({"match":"write","error":{"rate":0.25,"status":500,"effect":"applied"}},)"
                   R"({"match":"write","error":{"rate":0.25,"status":500,"effect":"none"}},)"
                   R"({"match":"read","error":{"rate":0.1,"status":503}})");
        const auto submitted = submit_month(one, there, 60);
        ASSERT_TRUE(one.finish(there, one.start_sync(there))) << "seed " << seed;
        expect_books(one, GetParam(), submitted);
        EXPECT_EQ(one.jobs(there, "parked"), 0u) << "seed " << seed;
    }
}

bool is_write_with(const HttpRequest& request, std::string_view words) {
    return request.method != "GET" && request.body.find(words) != std::string::npos;
}

TEST_P(Trouble, ACallRefusedAsAWholeLeavesTheCulpritAloneAndParked) {
    know_contact_and_item();
    for (int i = 0; i < 50; ++i) put_invoice("W-" + std::to_string(i), "5.00");
    source.documents.erase("W-17");
    world.answer_instead([this](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!is_write_with(request, "\"W-17\"")) return std::nullopt;
        if (xero())
            return HttpResponse{
                400,
                {{"Content-Type", "application/json"}},
                R"({"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"Invalid Json data"})"};
        return HttpResponse{
            400,
            {{"Content-Type", "application/json"}},
            R"({"Fault":{"Error":[{"Message":"Request has invalid or unsupported property","Detail":"Property)"
            R"( Name:x","code":"2010"}],"type":"ValidationFault"},"time":"2026-01-05T01:00:00.000-08:00"})"};
    });
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    EXPECT_EQ(world.state_of(connection, "invoice", "W-17"), "parked") << why("invoice", "W-17");
    EXPECT_EQ(world.jobs(connection, "parked"), 1u);
    expect_books(world, GetParam(), source);
}

TEST_P(Trouble, APoisonedRecordEndsUpAloneAndParked) {
    know_contact_and_item();
    for (int i = 0; i < 50; ++i) put_invoice("X-" + std::to_string(i), "5.00");
    source.documents.erase("X-23");
    world.answer_instead([](const HttpRequest& request) -> std::optional<HttpResponse> {
        if (!is_write_with(request, "\"X-23\"")) return std::nullopt;
        return HttpResponse{500, {{"Content-Type", "application/json"}}, R"({"Message":"An error occurred"})"};
    });
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection), std::chrono::hours(24)));
    EXPECT_EQ(world.state_of(connection, "invoice", "X-23"), "parked") << why("invoice", "X-23");
    EXPECT_EQ(world.jobs(connection, "parked"), 1u);
    expect_books(world, GetParam(), source);
}

TEST_P(Trouble, OneRefusedAmongFiftyLeavesFortyNineApplied) {
    know_contact_and_item();
    world.book_foreign_invoice(GetParam(), "M-31");
    for (int i = 0; i < 50; ++i) put_invoice("M-" + std::to_string(i), "5.00");
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    EXPECT_EQ(world.state_of(connection, "invoice", "M-31"), "parked") << why("invoice", "M-31");
    EXPECT_EQ(world.jobs(connection, "parked"), 1u);
    source.documents["M-31"] = *Decimal::parse("1");  // theirs, as it was
    expect_books(world, GetParam(), source);
}

/// An invoice whose account word nobody mapped: refused before anything is sent.
std::string unmapped(const std::string& number) {
    return R"({"contact":"C1","number":")" + number +
           R"(","date":"2026-01-31","currency":"GBP","amounts":"none","lines":[{"account":"nowhere",)"
           R"("description":"Service","quantity":1,"unit_price":9.00}],"total":9.00})";
}

TEST_P(Trouble, AReplayByFilterIsPreviewedAndDoublesNothing) {
    know_contact_and_item();
    for (int i = 0; i < 5; ++i) {
        const auto number = "R-" + std::to_string(i);
        ASSERT_EQ(world.put(connection, "invoice", number, unmapped(number)), 202);
        source.documents[number] = *Decimal::parse("9");
    }
    put_invoice("R-9", "4.00");
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    ASSERT_EQ(world.jobs(connection, "parked"), 5u);
    const auto cause = world.record(connection, "invoice", "R-0")["job"]["cause"].string_or("");
    const auto filter = R"({"filter":{"connection_id":")" + connection + R"(","cause":")" + cause + R"("},"dry_run":)";
    const auto preview = world.ok("POST", "/v1/replays", filter + "true}");
    EXPECT_EQ(preview["matched"].int64_or(0), 5);
    world.clock().run_for(std::chrono::minutes(5));
    EXPECT_EQ(world.jobs(connection, "parked"), 5u) << "a preview changes nothing";

    const auto mapping = world.ok("GET", "/v1/connections/" + connection)["mapping"];
    const auto account = xero() ? mapping["sales_account"].string_or("")
                                : "item:" + world.ledger("qbo")["items"].items().at(0)["id"].string_or("");
    std::string changed = R"({"mapping":{"accounts":{"nowhere":")" + account + "\"}";
    for (const auto& [name, value] : mapping.members())
        if (name != "accounts") changed += ",\"" + name + "\":" + write_json(value);
    world.ok("PATCH", "/v1/connections/" + connection, changed + "}}");
    for (int twice = 0; twice < 2; ++twice) {
        world.ok("POST", "/v1/replays", filter + "false}");
        ASSERT_TRUE(world.quiet(connection));
        EXPECT_EQ(world.jobs(connection, "parked"), 0u) << why("invoice", "R-0");
    }
    expect_books(world, GetParam(), source);
}

TEST_P(Trouble, ACancelledJobIsNeverSent) {
    know_contact_and_item();
    put_invoice("K-1", "5.00");
    put_invoice("K-2", "6.00");
    const auto job = world.record(connection, "invoice", "K-1")["job"]["id"].int64_or(0);
    world.ok("POST", "/v1/jobs/" + std::to_string(job) + "/cancel");
    source.documents.erase("K-1");
    ASSERT_TRUE(world.finish(connection, world.start_sync(connection)));
    expect_books(world, GetParam(), source);
    EXPECT_EQ(world.state_of(connection, "invoice", "K-1"), "cancelled");
}

TEST_P(Trouble, AutomaticPostingNeedsNoSync) {
    world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
    source = submit_month(world, connection, 60);
    ASSERT_TRUE(world.quiet(connection));
    EXPECT_EQ(world.jobs(connection, "blocked,parked"), 0u);
    expect_books(world, GetParam(), source);
}

TEST_P(Trouble, TwoSyncsAtOnceShareTheJobs) {
    source = submit_month(world, connection, 60);
    const auto first = world.start_sync(connection);
    world.clock().run_for(Millis{1'500});
    put_invoice("LATE", "3.00");
    const auto second = world.start_sync(connection);
    ASSERT_NE(first, second);
    ASSERT_TRUE(world.finish(connection, first));
    ASSERT_TRUE(world.finish(connection, second));
    expect_books(world, GetParam(), source);
}

INSTANTIATE_TEST_SUITE_P(Providers, Trouble, testing::Values("xero", "qbo"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace spillway::test
