// Partners, connections, syncs, jobs, replays and events.

#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct Partners : ApiTest {};

TEST_F(Partners, ASuspendedPartnersKeysAreRefusedAndItsLanesPause) {
    const auto made = send("POST", "/v1/partners", kPlatform, R"({"name":"New"})");
    ASSERT_EQ(made.status, 201);
    EXPECT_EQ(get("/v1/partners/" + json(made)["id"].string_or("")).status, 200);
    ASSERT_EQ(send("POST", "/v1/partners/par_a/suspend", kPlatform).status, 200);
    EXPECT_EQ(sync.asked, (std::vector<std::string>{"pause con_a partner suspended"}));
    const auto refused = get("/v1/connections", kPartnerA);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(code(refused), "partner_suspended");
    EXPECT_EQ(get("/v1/connections", kPartnerB).status, 200);
    ASSERT_EQ(send("POST", "/v1/partners/par_a/resume", kPlatform).status, 200);
    EXPECT_EQ(get("/v1/connections", kPartnerA).status, 200);
    EXPECT_EQ(send("POST", "/v1/partners/par_a/suspend", kPartnerA).status, 403);
}

struct Connections : ApiTest {};

TEST_F(Connections, AConsentIsStartedAndFinished) {
    const auto started = send("POST", "/v1/partners/par_a/connections", kPartnerA,
                              R"({"provider":"xero","return_url":"https://app.example/done?x=1"})");
    ASSERT_EQ(started.status, 201) << started.body;
    EXPECT_NE(json(started)["consent_url"].text().find("provider.example"), std::string_view::npos);
    const auto page = send("GET", "/v1/connect/callback?state=s1&code=c1&scope=x", "");
    EXPECT_EQ(page.status, 200);
    sync.return_url = "https://app.example/done?x=1";
    const auto redirected = send("GET", "/v1/connect/callback?state=s1&code=c1&realmId=9", "");
    EXPECT_EQ(redirected.status, 302);
    EXPECT_EQ(redirected.headers.find("Location").value_or(""), "https://app.example/done?x=1&connection_id=con_a");
    EXPECT_EQ(sync.asked.back(), "finish_connect s1 c1 9 ");
}

TEST_F(Connections, ARefusedConsentIsShownEscaped) {
    sync.failure = Error{ErrorKind::forbidden, "consent_denied", "no <script>"};
    const auto page = send("GET", "/v1/connect/callback?state=s1&error=access_denied", "");
    EXPECT_EQ(page.status, 403);
    EXPECT_EQ(page.body.find("<script>"), std::string::npos);
    EXPECT_NE(page.body.find("&lt;script&gt;"), std::string::npos);
}

TEST_F(Connections, AReturnUrlThatIsNoWebAddressIsRefused) {
    for (const char* url : {"javascript:alert(1)", "/local", "https://a.example/\\r\\nX: 1", "https://a.example/#x"}) {
        const auto response = send("POST", "/v1/partners/par_a/connections", kPartnerA,
                                   std::string(R"({"provider":"xero","return_url":")") + url + "\"}");
        EXPECT_EQ(response.status, 400) << url;
    }
    EXPECT_EQ(code(send("POST", "/v1/partners/par_a/connections", kPartnerA, R"({"provider":"sage"})")),
              "unknown_provider");
}

TEST_F(Connections, VerbsReachTheSyncService) {
    const std::string base = "/v1/connections/con_a";
    EXPECT_EQ(
        send("POST", base + "/pause", kPartnerA, R"({"reason":"month end","until":"2027-01-01T00:00:00Z"})").status,
        200);
    EXPECT_EQ(send("POST", base + "/resume", kPartnerA).status, 200);
    EXPECT_EQ(send("POST", base + "/disconnect", kPartnerA).status, 200);
    EXPECT_EQ(send("POST", base + "/reconnect", kPartnerA).status, 201);
    EXPECT_EQ(send("PATCH", base, kPartnerA, R"({"posting":"automatic"})").status, 200);
    EXPECT_EQ(sync.asked, (std::vector<std::string>{"pause con_a month end until", "resume con_a", "disconnect con_a",
                                                    "start_connect par_a xero con_a ", "set_posting con_a automatic"}));
    EXPECT_EQ(send("POST", base + "/pause", kPartnerA, R"({"until":"2001-01-01T00:00:00Z"})").status, 400);
    EXPECT_EQ(send("PATCH", base, kPartnerA, R"({"posting":"never"})").status, 400);
    const auto mapping = send("PATCH", base, kPartnerA, R"({"mapping":{"sales_acount":"200"}})");
    EXPECT_EQ(mapping.status, 422) << mapping.body;
    EXPECT_TRUE(json(mapping)["pointer"].text().starts_with("/mapping/")) << mapping.body;
    sync.failure = Error{ErrorKind::conflict, "not_active", "paused"};
    EXPECT_EQ(send("POST", base + "/resume", kPartnerA).status, 409);
}

TEST_F(Connections, OneShowsItsLaneAndCounts) {
    ASSERT_EQ(put_contact("C1", "Acme").status, 202);
    const auto shown = json(get("/v1/connections/con_a", kReadA));
    EXPECT_EQ(shown["state"].text(), "active");
    EXPECT_EQ(shown["counts"]["blocked"].int64_or(0), 1);
    EXPECT_EQ(shown["lane"]["waits_for"].text(), "minute limit");
    EXPECT_EQ(shown["lane"]["wait_left_ms"].int64_or(0), 1500);
    EXPECT_TRUE(shown.find("mapping")->is_null());
    EXPECT_EQ(get("/v1/connections/con_a/books").status, 404);
}

struct SyncsApi : ApiTest {};

TEST_F(SyncsApi, AStartedSyncIsNamedAndItsProgressShown) {
    ASSERT_EQ(put_contact("C1", "A").status, 202);
    const auto started = send("POST", "/v1/connections/con_a/syncs", kPartnerA, "", {{"Idempotency-Key", "s"}});
    ASSERT_EQ(started.status, 202) << started.body;
    EXPECT_EQ(started.headers.find("Location").value_or(""), "/v1/connections/con_a/syncs/syn_1");
    const auto again = send("POST", "/v1/connections/con_a/syncs", kPartnerA, "", {{"Idempotency-Key", "s"}});
    EXPECT_EQ(again.headers.find("Location").value_or(""), "/v1/connections/con_a/syncs/syn_1");
    const auto progress = json(get("/v1/connections/con_a/syncs/syn_1", kReadA));
    EXPECT_EQ(progress["total"].int64_or(0), 1);
    EXPECT_EQ(progress["left"].int64_or(-1), 1);
    EXPECT_EQ(progress["state"].text(), "running");
    EXPECT_EQ(json(get("/v1/connections/con_a/syncs"))["items"].items().size(), 1u);
    EXPECT_EQ(get("/v1/connections/con_b/syncs/syn_1").status, 404) << "a sync belongs to its connection";
}

struct Chunks : http::ResponseStream {
    std::vector<std::string> chunks;
    boost::asio::awaitable<bool> write(std::string chunk) override {
        chunks.push_back(std::move(chunk));
        co_return true;
    }
};

TEST_F(SyncsApi, AStreamShowsProgressEachSecondAndEndsWhenDone) {
    const auto accepted = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(accepted.ok());
    ASSERT_EQ(send("POST", "/v1/connections/con_a/syncs", kPartnerA).status, 202);
    HttpRequest request;
    request.target = "/v1/connections/con_a/syncs/syn_1/events";
    request.headers = {{"Authorization", std::string("Bearer ") + kReadA}};
    auto streamed = std::get<http::StreamedResponse>(reply(std::move(request)));
    EXPECT_EQ(streamed.head.headers.find("Content-Type").value_or(""), "text/event-stream");
    Chunks chunks;
    auto watching = start(io, streamed.body(chunks));
    clock->run_for(Millis{2500});
    EXPECT_EQ(chunks.chunks.size(), 3u);
    EXPECT_FALSE(watching.ended());
    apply(*accepted);
    clock->run_for(Millis{1000});
    ASSERT_TRUE(watching.ended());
    EXPECT_NE(chunks.chunks.back().find("event: done\n"), std::string::npos);
    EXPECT_NE(chunks.chunks.back().find("\"state\":\"done\""), std::string::npos);
}

TEST_F(SyncsApi, AnEstimateIsNotShorterThanTheWaitUnderWay) {
    const auto first = accept(RecordKind::contact, "C1", a_contact());
    ASSERT_TRUE(first.ok() && accept(RecordKind::contact, "C2", a_contact("Other")).ok());
    ASSERT_EQ(send("POST", "/v1/connections/con_a/syncs", kPartnerA).status, 202);
    apply(*first);
    clock->advance(Millis{10});
    const auto progress = json(get("/v1/connections/con_a/syncs/syn_1", kReadA));
    ASSERT_EQ(progress["left"].int64_or(0), 1);
    EXPECT_EQ(progress["eta_ms"].int64_or(0), 1500) << "the lane waits that long";
}

TEST_F(SyncsApi, AKeyWatchesEightSyncsAtATimeAndNoneOnceItIsRevoked) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    ASSERT_EQ(send("POST", "/v1/connections/con_a/syncs", kPartnerA).status, 202);
    HttpRequest request;
    request.target = "/v1/connections/con_a/syncs/syn_1/events";
    request.headers = {{"Authorization", std::string("Bearer ") + kReadA}};
    std::vector<http::StreamedResponse> streams;
    std::vector<Chunks> chunks(8);
    std::vector<Pending<bool>> watching;
    for (auto& one : chunks) {
        auto again = request;
        streams.push_back(std::get<http::StreamedResponse>(reply(std::move(again))));
        watching.push_back(start(io, streams.back().body(one)));
        clock->run_for(Millis{10});
    }
    auto ninth = request;
    const auto refused = std::get<HttpResponse>(reply(std::move(ninth)));
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.headers.find("Retry-After").value_or(""), "10");

    ASSERT_EQ(send("POST", "/v1/keys/key_read_a/revoke", kAdmin).status, 200);
    clock->run_for(std::chrono::seconds(40));
    for (auto& one : watching) EXPECT_TRUE(one.ended());
    request.headers = {{"Authorization", std::string("Bearer ") + kPartnerA}};
    EXPECT_TRUE(std::holds_alternative<http::StreamedResponse>(reply(std::move(request))));
}

struct JobsApi : ApiTest {
    std::string parked_contact(const std::string& id) {
        const auto accepted = accept(RecordKind::contact, id, a_contact(id));
        EXPECT_TRUE(accepted.ok());
        park(*accepted->job);
        return std::to_string(*accepted->job);
    }
};

TEST_F(JobsApi, AParkedJobSaysWhyAndRunsAgainOnReplay) {
    const std::string id = parked_contact("C1");
    const auto shown = json(get("/v1/jobs/" + id, kReadA));
    EXPECT_EQ(shown["state"].text(), "parked");
    EXPECT_EQ(shown["cause"].text(), "total_mismatch");
    EXPECT_EQ(shown["record"]["external_id"].text(), "C1");
    EXPECT_EQ(shown["why"].text(), "Stopped: a person must look at it: off by 0.01 (correct the total)");
    EXPECT_EQ(json(send("POST", "/v1/jobs/" + id + "/replay", kPartnerA))["state"].text(), "waiting");
    const auto again = send("POST", "/v1/jobs/" + id + "/replay", kPartnerA);
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(code(again), "not_parked");
    EXPECT_EQ(json(send("POST", "/v1/jobs/" + id + "/cancel", kPartnerA))["state"].text(), "cancelled");
}

TEST_F(JobsApi, AParkedJobIsClosedByHandWithANote) {
    const std::string id = parked_contact("C1");
    EXPECT_EQ(send("POST", "/v1/jobs/" + id + "/resolve", kPartnerA, "{}").status, 400);
    const auto closed = send("POST", "/v1/jobs/" + id + "/resolve", kPartnerA, R"({"note":"entered by hand"})");
    EXPECT_EQ(json(closed)["state"].text(), "resolved_by_hand");
}

TEST_F(JobsApi, AJobIsClosedByNamingTheObjectThatItIs) {
    const auto accepted = accept(RecordKind::contact, "C1", a_contact("C1"));
    park(*accepted->job);
    const std::string path = "/v1/jobs/" + std::to_string(*accepted->job);
    const std::string body = R"({"note":"it is there","provider_id":"17"})";
    sync.failure = invalid("no_object", "there is none", "/provider_id");
    const auto none = send("POST", path + "/resolve", kPartnerA, body);
    EXPECT_EQ(none.status, 400);
    EXPECT_EQ(json(none)["pointer"].text(), "/provider_id");
    EXPECT_EQ(json(get(path))["state"].text(), "parked");
    sync.failure.reset();
    EXPECT_EQ(send("POST", path + "/resolve", kPartnerA, R"({"note":"n","provider_id":""})").status, 400);

    sync.object.record_id = accepted->record;
    sync.object.link.role = "contact";
    sync.object.link.entity = "Contacts";
    sync.object.link.record_version = 1;
    // Something is still missing of it: the job goes on.
    EXPECT_EQ(json(send("POST", path + "/resolve", kPartnerA, body))["state"].text(), "waiting");
    const auto record = json(get("/v1/connections/con_a/records/contact/C1"));
    EXPECT_EQ(record["links"].items().at(0)["provider_id"].text(), "17");
    EXPECT_EQ(record["attempts"].items().at(0)["code"].text(), "by_hand");
    EXPECT_EQ(record["attempts"].items().at(0)["detail"].text(), "it is there");
    park(*accepted->job);
    sync.object.complete = true;
    EXPECT_EQ(json(send("POST", path + "/resolve", kPartnerA, body))["state"].text(), "resolved_by_hand");
    EXPECT_EQ(json(get("/v1/connections/con_a/records/contact/C1"))["applied_version"].int64_or(0), 1);
}

TEST_F(JobsApi, ListsAreFilteredAndPaged) {
    for (const char* id : {"C1", "C2", "C3"}) parked_contact(id);
    ASSERT_EQ(put_contact("C4", "A").status, 202);
    const auto first = json(get("/v1/jobs?state=parked&limit=2", kPartnerA));
    ASSERT_EQ(first["items"].items().size(), 2u);
    const auto rest = json(get("/v1/jobs?state=parked&limit=2&after=" + first["next"].string_or(""), kPartnerA));
    EXPECT_EQ(rest["items"].items().size(), 1u);
    EXPECT_TRUE(rest["next"].is_null());
    EXPECT_EQ(json(get("/v1/jobs?state=parked,blocked"))["items"].items().size(), 4u);
    EXPECT_EQ(json(get("/v1/jobs?cause=nothing"))["items"].items().size(), 0u);
    EXPECT_EQ(get("/v1/jobs?state=dead").status, 400);
}

TEST_F(JobsApi, AReplayIsPreviewedAndThenDone) {
    for (const char* id : {"C1", "C2"}) parked_contact(id);
    const std::string body = R"({"filter":{"connection_id":"con_a","cause":"total_mismatch"},"dry_run":)";
    const auto preview = json(send("POST", "/v1/replays", kPartnerA, body + "true}"));
    EXPECT_EQ(preview["replay"].int64_or(0), 2);
    EXPECT_EQ(preview["by_cause"]["total_mismatch"].int64_or(0), 2);
    EXPECT_TRUE(preview["id"].is_null());
    EXPECT_EQ(json(get("/v1/jobs?state=parked"))["items"].items().size(), 2u) << "a preview changes nothing";
    const auto done = json(send("POST", "/v1/replays", kPartnerA, body + "false}"));
    EXPECT_EQ(done["replay"].int64_or(0), 2);
    EXPECT_EQ(json(get("/v1/jobs?state=parked"))["items"].items().size(), 0u);
    const std::string id = done["id"].string_or("");
    EXPECT_EQ(json(get("/v1/replays/" + id, kPartnerA))["jobs"].int64_or(0), 2);
    EXPECT_EQ(get("/v1/replays/" + id, kPartnerB).status, 404);
}

TEST_F(JobsApi, ABlockedJobShowsWhatHoldsItUp) {
    const std::string contact = parked_contact("C1");
    const auto invoice = accept(RecordKind::invoice, "1", an_invoice("INV-1"));
    const auto payment = accept(RecordKind::payment, "P1", a_payment("1"));
    const auto other = accept(RecordKind::invoice, "2", an_invoice("INV-2", "C2"));
    ASSERT_TRUE(invoice.ok() && payment.ok() && other.ok());
    const auto root = json(get("/v1/jobs/" + std::to_string(*payment->job), kReadA))["blocked_by"];
    EXPECT_EQ(root["key"].text(), "contact/C1");
    EXPECT_EQ(std::to_string(root["job_id"].int64_or(0)), contact);
    EXPECT_EQ(root["state"].text(), "parked");
    EXPECT_EQ(root["cause"].text(), "total_mismatch");
    EXPECT_EQ(root["blocks"].int64_or(0), 2);
    const auto shown = json(get("/v1/jobs/" + std::to_string(*payment->job), kReadA));
    EXPECT_EQ(shown["standing"]["code"].text(), "blocked");
    EXPECT_EQ(shown["standing"]["words"].text(),
              "It waits for contact/C1, which is parked: total_mismatch; 2 jobs wait for it");
    EXPECT_EQ(shown["standing"]["job_id"].text(), contact);
    const auto head = json(get("/v1/jobs/" + contact));
    EXPECT_EQ(head["standing"]["words"].text(), "It waits for a person: total_mismatch");
    ASSERT_FALSE(head["history"].items().empty());
    EXPECT_EQ(head["history"].items().back()["to"].text(), "parked");
    EXPECT_EQ(head["history"].items().back()["cause"].text(), "total_mismatch");
    const auto missing = json(get("/v1/jobs/" + std::to_string(*other->job)))["blocked_by"];
    EXPECT_EQ(missing["key"].text(), "contact/C2");
    EXPECT_EQ(missing.find("job_id"), nullptr);
    EXPECT_EQ(json(get("/v1/jobs/" + contact)).find("blocked_by"), nullptr);
}

TEST_F(JobsApi, AReplayTakesAJobThatTookOverItsFollowUp) {
    const auto first = accept(RecordKind::contact, "C1", a_contact("A"));
    release_posting();
    const auto sending = claim(*first->job);
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(first.ok() && second.ok());
    settle(sending, queue::Settlement::again());
    park(*first->job);
    const auto record = json(get("/v1/connections/con_a/records/contact/C1"));
    EXPECT_EQ(record["state"].text(), "parked");
    EXPECT_EQ(record["job_id"].int64_or(0), *first->job);
    const auto done = json(send("POST", "/v1/replays", kPartnerA, R"({"filter":{"connection_id":"con_a"}})"));
    EXPECT_EQ(done["replay"].int64_or(-1), 1);
    EXPECT_EQ(job(*first->job).state, queue::JobState::waiting);
}

TEST_F(JobsApi, AReplayByIdsTakesOnlyThose) {
    const std::string first = parked_contact("C1");
    parked_contact("C2");
    const auto done = json(send("POST", "/v1/replays", kAdmin, R"({"filter":{"job_ids":[)" + first + "]}}"));
    EXPECT_EQ(done["matched"].int64_or(0), 1);
    EXPECT_EQ(json(get("/v1/jobs?state=parked"))["items"].items().size(), 1u);
}

TEST_F(JobsApi, EventsAreFollowedByCursor) {
    ASSERT_EQ(put_contact("C1", "A").status, 202);
    const auto first = json(get("/v1/events", kPartnerA));
    EXPECT_EQ(first["generation"].text(), "g1");
    ASSERT_EQ(first["items"].items().size(), 1u);
    EXPECT_EQ(first["items"].items()[0]["type"].text(), "record.accepted");
    const std::string after = std::to_string(first["last_seq"].int64_or(0));
    EXPECT_TRUE(json(get("/v1/events?after=" + after, kPartnerA))["items"].items().empty());
    EXPECT_TRUE(json(get("/v1/events", kPartnerB))["items"].items().empty());
}

}  // namespace
}  // namespace spillway::test
