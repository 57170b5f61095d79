#include "services/store/records.hpp"
#include "services/store/retention.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct RecordsApi : ApiTest {};

TEST_F(RecordsApi, APutIsAcceptedOnceAndThenUnchanged) {
    const auto first = put_contact("C1", "Acme");
    EXPECT_EQ(first.status, 202) << first.body;
    EXPECT_EQ(json(first)["outcome"].text(), "accepted");
    const auto again = put_contact("C1", "Acme");
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(json(again)["outcome"].text(), "unchanged");
}

TEST_F(RecordsApi, ABadRecordNamesItsPlace) {
    const auto response =
        send("PUT", "/v1/connections/con_a/records/contact/C1", kPartnerA, R"({"name":"x","shoe":1})");
    EXPECT_EQ(response.status, 422) << response.body;
    EXPECT_EQ(json(response)["pointer"].text(), "/shoe");
    EXPECT_EQ(send("PUT", "/v1/connections/con_a/records/contact/C1", kPartnerA, "{").status, 400);
    EXPECT_EQ(send("PUT", "/v1/connections/con_a/records/shoe/C1", kPartnerA, "{}").status, 404);
    EXPECT_EQ(
        send("PUT", "/v1/connections/con_a/records/contact/" + std::string(129, 'x'), kPartnerA, a_contact()).status,
        400);
}

TEST_F(RecordsApi, AnotherPartnersConnectionIsNotFoundWhateverElseIsWrong) {
    const std::string theirs = "/v1/connections/con_b/records/contact/C1";
    const HttpHeaders keyed{{"Idempotency-Key", "k1"}}, bad_key{{"Idempotency-Key", ""}};
    for (const auto& body : {a_contact(), std::string("{"), std::string(R"({"shoe":1})")}) {
        for (const auto& headers : {HttpHeaders{}, keyed, bad_key}) {
            const auto response = send("PUT", theirs, kPartnerA, body, headers);
            EXPECT_EQ(response.status, 404) << response.body;
            EXPECT_EQ(code(response), "not_found");
        }
    }
    EXPECT_EQ(code(send("PUT", "/v1/connections/con_b/records/shoe/C1", kPartnerA, "{}")), "not_found");
    EXPECT_EQ(code(send("PUT", theirs + "?priority=soon", kPartnerA, a_contact())), "not_found");
    EXPECT_EQ(send("PUT", theirs, kReadA, a_contact()).status, 404);
    EXPECT_EQ(send("PUT", "/v1/connections/con_a/records/contact/C1", kReadA, a_contact()).status, 403);
    EXPECT_EQ(get("/v1/connections/con_b/records/contact/C1").status, 404);
}

TEST_F(RecordsApi, ASuspendedPartnerGetsNoStoredAnswerEither) {
    const HttpHeaders keyed{{"Idempotency-Key", "k1"}};
    ASSERT_EQ(put_contact("C1", "Acme", keyed).status, 202);
    ASSERT_EQ(send("POST", "/v1/partners/par_a/suspend", kPlatform).status, 200);
    const auto again = put_contact("C1", "Acme", keyed);
    EXPECT_EQ(again.status, 403);
    EXPECT_EQ(code(again), "partner_suspended");
    EXPECT_EQ(code(send("PUT", "/v1/connections/con_a/records/contact/C1", kPartnerA, "{")), "partner_suspended");
}

TEST_F(RecordsApi, AnExternalIdMayHoldASlash) {
    ASSERT_EQ(put_contact("a%2Fb", "Acme").status, 202);
    const auto record = json(get("/v1/connections/con_a/records/contact/a%2Fb"));
    EXPECT_EQ(record["external_id"].text(), "a/b");
}

TEST_F(RecordsApi, ATakenNumberIsAConflict) {
    const std::string base = "/v1/connections/con_a/records/invoice/";
    ASSERT_EQ(send("PUT", base + "1", kPartnerA, an_invoice("INV-1")).status, 202);
    const auto second = send("PUT", base + "2", kPartnerA, an_invoice("INV-1"));
    EXPECT_EQ(second.status, 409);
    EXPECT_EQ(code(second), "number_taken");
}

TEST_F(RecordsApi, ARecordShowsItsJobAndVersions) {
    ASSERT_EQ(put_contact("C1", "A").status, 202);
    ASSERT_EQ(put_contact("C1", "B").status, 202);
    const auto record = json(get("/v1/connections/con_a/records/contact/C1", kReadA));
    EXPECT_EQ(record["version"].int64_or(0), 2);
    EXPECT_EQ(record["record"]["name"].text(), "B");
    EXPECT_EQ(record["versions"].items().size(), 2u);
    EXPECT_EQ(record["job"]["state"].text(), "blocked");
    EXPECT_EQ(record["job"]["why"].text(), "Waits for the next sync");
}

TEST_F(RecordsApi, AVoidIsAVersionAndUnknownOnesAreNotFound) {
    ASSERT_EQ(put_contact("C1", "A").status, 202);
    const auto voided = send("POST", "/v1/connections/con_a/records/contact/C1/void", kPartnerA);
    EXPECT_EQ(voided.status, 202) << voided.body;
    EXPECT_EQ(json(voided)["version"].int64_or(0), 2);
    EXPECT_EQ(send("POST", "/v1/connections/con_a/records/contact/C9/void", kPartnerA).status, 404);
}

TEST_F(RecordsApi, AnIdempotencyKeyGivesTheFirstAnswerAgain) {
    const HttpHeaders key{{"Idempotency-Key", "k1"}};
    const auto first = put_contact("C1", "A", key);
    ASSERT_EQ(first.status, 202);
    ASSERT_EQ(put_contact("C1", "B").status, 202);
    const auto again = put_contact("C1", "A", key);
    EXPECT_EQ(again.status, 202);
    EXPECT_EQ(again.body, first.body);
    EXPECT_EQ(json(get("/v1/connections/con_a/records/contact/C1"))["version"].int64_or(0), 2) << "A did not go again";
    const auto other = put_contact("C1", "C", key);
    EXPECT_EQ(other.status, 409);
    EXPECT_EQ(code(other), "idempotency_key_reused");
    EXPECT_EQ(put_contact("C2", "A", key).status, 202) << "another path, another key";
}

TEST_F(RecordsApi, AnIdempotencyKeyAndItsRecordOutliveTheJobThatRetentionDeletes) {
    const HttpHeaders key{{"Idempotency-Key", "k1"}};
    const auto first = put_contact("C1", "A", key);
    const auto row = read<std::optional<store::RecordRow>>([](store::Connection& connection) {
        return store::find_record(connection, ConnectionId("con_a"), RecordKind::contact, ExternalId("C1"));
    });
    release_posting();
    apply({store::Accepted::Outcome::accepted, row->id, row->version, row->job});
    clock->advance(std::chrono::hours(6 * 24));
    const auto swept = commit_value<std::int64_t>([this](queue::Transaction& transaction) {
        store::RetentionCursor cursor;
        return Result<std::int64_t>(
            store::retention_step(transaction, {clock->wall_now() - std::chrono::hours(24), {}}, cursor));
    });
    ASSERT_EQ(*swept, 1);
    EXPECT_EQ(get("/v1/jobs/" + std::to_string(*row->job)).status, 404);
    EXPECT_EQ(put_contact("C1", "A", key).body, first.body);
    EXPECT_EQ(json(put_contact("C1", "A"))["outcome"].text(), "unchanged")
        << "without a key it is the same record still";
    const auto shown = json(get("/v1/connections/con_a/records/contact/C1"));
    EXPECT_EQ(shown["state"].text(), "applied");
    EXPECT_EQ(shown["version"].int64_or(0), 1);
    EXPECT_TRUE(json(get("/v1/jobs"))["items"].items().empty()) << "nothing goes to the books again";
}

TEST_F(RecordsApi, AnIdempotencyKeyIsForgottenAfterSevenDays) {
    const HttpHeaders key{{"Idempotency-Key", "k1"}};
    ASSERT_EQ(put_contact("C1", "A", key).status, 202);
    clock->advance(std::chrono::hours(7 * 24));
    EXPECT_EQ(put_contact("C1", "B", key).status, 202);
}

TEST_F(RecordsApi, ATwinInFlightIsAConflict) {
    HttpRequest request;
    request.method = "PUT";
    request.target = "/v1/connections/con_a/records/contact/C1";
    request.headers = {{"Authorization", std::string("Bearer ") + kAdmin}, {"Idempotency-Key", "k1"}};
    request.body = a_contact();
    auto first = start(io, handler(request));
    auto twin = start(io, handler(request));
    clock->run_for(Millis{0});
    std::vector<int> answers{std::get<HttpResponse>(first.take()).status, std::get<HttpResponse>(twin.take()).status};
    std::ranges::sort(answers);
    EXPECT_EQ(answers, (std::vector<int>{202, 409}));
}

TEST_F(RecordsApi, AFailedRequestLeavesItsIdempotencyKeyFree) {
    const HttpHeaders key{{"Idempotency-Key", "k1"}};
    ASSERT_EQ(send("POST", "/v1/connections/con_a/records/contact/C1/void", kPartnerA, "", key).status, 404);
    ASSERT_EQ(put_contact("C1", "A").status, 202);
    EXPECT_EQ(send("POST", "/v1/connections/con_a/records/contact/C1/void", kPartnerA, "", key).status, 202);
}

}  // namespace
}  // namespace spillway::test
