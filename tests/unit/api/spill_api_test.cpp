// The API while the store is out of reach: submissions are validated, authorised and acknowledged from memory, and are
// seen as `spilled` until they are merged.

#include "schema/runtime/task_group.hpp"
#include "services/spill/spill.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

constexpr const char* kContacts = "/v1/connections/con_a/records/contact/";

struct SpillApi : ApiTest {
    SpillApi() {
        queue::SpillSettings file{.path = (folder / "spill").string()};
        auto opened =
            finish(spill::Spill::open({io.get_executor(), io.get_executor(), *store, *clock, std::move(file)}));
        if (!opened.ok()) throw std::runtime_error(opened.error().detail);
        spilled = std::move(opened).value();
        context.spill = spilled.get();
        handler = api::make_handler(context);
    }
    ~SpillApi() override {
        gate.open();
        tasks.cancel(boost::asio::cancellation_type::terminal);
        clock->run_for(Millis{100});
    }
    /// Nothing that the store is asked for is answered any more, reads neither.
    void stand_still() {
        gate.close();
        waits.push_back(
            start(io, store->commit(queue::CommandClass::settle, [](queue::Transaction&) { return success(); })));
        clock->run_for(Millis{3'000});
        ASSERT_TRUE(spilled->out_of_reach());
    }
    /// The store answers again; nothing is merged yet.
    void in_reach() {
        gate.open();
        clock->run_for(Millis{0});
    }
    void merge() {
        in_reach();
        if (tasks.size() == 0) tasks.spawn(spilled->run(), "spill");
        clock->run_for(Millis{1'500});
        ASSERT_TRUE(spilled->empty());
    }
    static std::string outcome(const HttpResponse& response) { return json(response)["outcome"].string_or(""); }
    std::string state(const std::string& id) { return json(get(kContacts + id))["state"].string_or(""); }
    std::int64_t version(const std::string& id) { return json(get(kContacts + id))["version"].int64_or(-1); }

    std::unique_ptr<spill::Spill> spilled;
    std::vector<Pending<Result<void>>> waits;
    TaskGroup tasks{io.get_executor(), "test"};
};

HttpHeaders keyed(const std::string& key) {
    HttpHeaders headers;
    headers.set("Idempotency-Key", key);
    return headers;
}

}  // namespace

TEST_F(SpillApi, AStoreInReachAnswersAsEver) {
    EXPECT_EQ(outcome(put_contact("C1", "one")), "accepted");
    EXPECT_EQ(spilled->status().taken, 0);
}

TEST_F(SpillApi, ASubmissionIsAcknowledgedWithoutTheStore) {
    stand_still();
    const auto answer = put_contact("C1", "one");
    EXPECT_EQ(answer.status, 202) << answer.body;
    EXPECT_EQ(outcome(answer), "spilled");
    EXPECT_EQ(json(answer)["external_id"].text(), "C1");
    EXPECT_FALSE(json(answer).find("version"));
    merge();
    EXPECT_EQ(version("C1"), 1);
    EXPECT_EQ(state("C1"), "blocked");
}

TEST_F(SpillApi, ItIsValidatedAndAuthorisedFully) {
    stand_still();
    const std::string body = a_contact("x");
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", kPartnerA, R"({"nam":"x"})").status, 422);
    EXPECT_EQ(send("PUT", "/v1/connections/con_a/records/nothing/C1", kPartnerA, body).status, 404);
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1?priority=soon", kPartnerA, body).status, 400);
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", "spk_nobody", body).status, 401);
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", "", body).status, 401);
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", kPartnerB, body).status, 404) << "of another partner";
    EXPECT_EQ(send("PUT", "/v1/connections/con_none/records/contact/C1", kAdmin, body).status, 404);
    EXPECT_EQ(send("POST", "/v1/connections/con_b/records:bulk", kPartnerA, "{}").status, 404);
    EXPECT_EQ(send("POST", std::string(kContacts) + "C1/void", kPartnerB).status, 404);
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", kAdmin, body).status, 202);
    EXPECT_EQ(spilled->status().taken, 1);
    in_reach();
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C2", kReadA, body).status, 403);
}

TEST_F(SpillApi, WhatChangesWhileTheServiceRunsIsKnown) {
    const auto made = json(send("POST", "/v1/keys", kAdmin, R"({"name":"n","scope":"partner","partner_id":"par_a"})"));
    const std::string fresh(made["secret"].text());
    const auto other = json(send("POST", "/v1/keys", kAdmin, R"({"name":"o","scope":"partner","partner_id":"par_b"})"));
    ASSERT_EQ(send("POST", "/v1/keys/" + std::string(other["id"].text()) + "/revoke", kAdmin).status, 200);
    ASSERT_EQ(send("POST", "/v1/partners/par_b/suspend", kAdmin).status, 200);
    stand_still();
    EXPECT_EQ(send("PUT", std::string(kContacts) + "C1", fresh, a_contact("x")).status, 202);
    const char* target = "/v1/connections/con_b/records/contact/C1";
    EXPECT_EQ(send("PUT", target, std::string(other["secret"].text()), a_contact("x")).status, 401);
    EXPECT_EQ(code(send("PUT", target, kPartnerB, a_contact("x"))), "partner_suspended");
    spilled->directory().put({ConnectionId("con_a"), PartnerId("par_a"), "disconnected", "on_sync"});
    EXPECT_EQ(code(put_contact("C1", "y")), "disconnected");
}

TEST_F(SpillApi, ATwinGetsTheSameAnswerBeforeAndAfterTheMerge) {
    stand_still();
    const auto first = put_contact("C1", "one", keyed("k"));
    ASSERT_EQ(first.status, 202);
    EXPECT_EQ(put_contact("C1", "one", keyed("k")).body, first.body);
    EXPECT_EQ(code(put_contact("C1", "two", keyed("k"))), "idempotency_key_reused");
    EXPECT_EQ(put_contact("C2", "one", keyed("k")).status, 202) << "a key belongs to a path";
    EXPECT_EQ(spilled->status().taken, 2);
    merge();
    EXPECT_EQ(put_contact("C1", "one", keyed("k")).body, first.body);
    EXPECT_EQ(code(put_contact("C1", "two", keyed("k"))), "idempotency_key_reused");
    EXPECT_EQ(version("C1"), 1);
}

TEST_F(SpillApi, ATwinOfWhatTheStoreAnsweredGetsThatAnswer) {
    const auto first = put_contact("C1", "one", keyed("k"));
    ASSERT_EQ(outcome(first), "accepted");
    stand_still();
    ASSERT_EQ(put_contact("C9", "other").status, 202);
    in_reach();  // there is a backlog: the store takes nothing, and can be read
    auto twin = start(io, handler([&] {
                          HttpRequest request;
                          request.method = "PUT";
                          request.target = std::string(kContacts) + "C1";
                          request.headers = keyed("k");
                          request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
                          request.body = a_contact("one");
                          return request;
                      }()));
    clock->run_for(Millis{1'500});
    auto reply = twin.take();
    EXPECT_EQ(std::get<HttpResponse>(reply).body, first.body);
    EXPECT_EQ(spilled->status().taken, 1);
}

TEST_F(SpillApi, VoidsAndBulkGoTheSameWayAndOrderHolds) {
    ASSERT_EQ(put_contact("C1", "one").status, 202);
    stand_still();
    EXPECT_EQ(put_contact("C1", "two").status, 202);
    EXPECT_EQ(outcome(send("POST", std::string(kContacts) + "C1/void", kPartnerA)), "spilled");
    in_reach();
    // Bulk parses on the reader's thread, which must be there; the backlog makes it go to the file.
    const std::string lines = R"({"kind":"contact","external_id":"C1","record":)" + a_contact("three") + "}\n" +
                              R"({"kind":"contact","external_id":"C2","record":{"nam":1}})" + "\n" +
                              R"({"kind":"contact","external_id":"C3","void":true})" + "\n";
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/connections/con_a/records:bulk";
    request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
    request.headers.set("Accept", "application/json");
    request.body = lines;
    auto bulk = start(io, handler(std::move(request)));
    clock->run_for(Millis{1'500});
    auto reply = bulk.take();
    const JsonValue results = json(std::get<HttpResponse>(reply));
    ASSERT_EQ(results.items().size(), 3u);
    EXPECT_EQ(results.items()[0]["outcome"].text(), "spilled");
    EXPECT_EQ(results.items()[0]["status"].text(), "202");
    EXPECT_EQ(results.items()[1]["status"].text(), "422");
    EXPECT_EQ(results.items()[2]["outcome"].text(), "spilled") << "whether there is such a record is seen at the merge";
    merge();
    EXPECT_EQ(version("C1"), 4);
    EXPECT_EQ(json(get(std::string(kContacts) + "C1"))["record"]["name"].text(), "three");
    EXPECT_EQ(spilled->status().merged.refused, 1);
    const JsonValue events = json(get("/v1/events"));
    EXPECT_EQ(events["items"].items().back()["type"].text(), "record.refused");
    EXPECT_EQ(events["items"].items().back()["body"]["code"].text(), "no_record");
}

TEST_F(SpillApi, ARecordIsSeenAsSpilledUntilItIsMerged) {
    ASSERT_EQ(put_contact("C1", "one").status, 202);
    stand_still();
    ASSERT_EQ(put_contact("C1", "two").status, 202);
    ASSERT_EQ(put_contact("C2", "new").status, 202);
    ASSERT_EQ(send("POST", std::string(kContacts) + "C3/void", kPartnerA).status, 202);
    in_reach();
    const JsonValue known = json(get(std::string(kContacts) + "C1"));
    EXPECT_EQ(known["state"].text(), "spilled");
    EXPECT_EQ(known["version"].text(), "1") << "of the store";
    EXPECT_EQ(known["record"]["name"].text(), "two") << "of the file";
    const JsonValue fresh = json(get(std::string(kContacts) + "C2"));
    EXPECT_EQ(fresh["state"].text(), "spilled");
    EXPECT_EQ(fresh["version"].text(), "0");
    EXPECT_EQ(fresh["connection_id"].text(), "con_a");
    EXPECT_EQ(fresh["record"]["name"].text(), "new");
    EXPECT_EQ(get(std::string(kContacts) + "C3").status, 404) << "nothing is known but its void";
    EXPECT_EQ(get(std::string(kContacts) + "C2", kPartnerB).status, 404);
    merge();
    EXPECT_EQ(version("C1"), 2);
    EXPECT_EQ(state("C2"), "blocked");
}

TEST_F(SpillApi, ASyncWaitsForWhatWasAcknowledgedBefore) {
    stand_still();
    ASSERT_EQ(put_contact("C1", "one").status, 202);
    in_reach();
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/connections/con_a/syncs";
    request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
    auto early = start(io, handler(request));
    clock->run_for(Millis{11'000});
    auto refused = early.take();
    EXPECT_EQ(std::get<HttpResponse>(refused).status, 503);
    EXPECT_EQ(code(std::get<HttpResponse>(refused)), "in_repair");
    EXPECT_TRUE(std::get<HttpResponse>(refused).headers.find("Retry-After"));
    merge();
    EXPECT_EQ(send(request).status, 202);
    EXPECT_EQ(state("C1"), "waiting") << "it belongs to the sync";
}

TEST_F(SpillApi, ItsStateIsSeen) {
    stand_still();
    ASSERT_EQ(put_contact("C1", "one").status, 202);
    const JsonValue ready = json(get("/readyz", ""));
    EXPECT_TRUE(ready["spill"]["out_of_reach"].bool_or(false));
    EXPECT_EQ(ready["spill"]["entries"].text(), "1");
    merge();
    const std::string metrics = get("/metrics").body;
    for (const char* line : {"spillway_spill_entries 0\n", "spillway_spill_taken_total 1\n",
                             "spillway_spill_merged_total{outcome=\"accepted\"} 1\n", "spillway_spill_out_of_reach 0\n",
                             "spillway_spill_bytes_max 268435456\n"})
        EXPECT_NE(metrics.find(line), std::string::npos) << line;
    const JsonValue storage = json(get("/v1/storage"))["spill"];
    EXPECT_EQ(storage["accepted"].text(), "1");
    EXPECT_EQ(storage["entries"].text(), "0");
}

TEST_F(SpillApi, ARebuildIsStartedAndEndsWithAFullCheck) {
    EXPECT_EQ(send("POST", "/v1/storage/rebuilds", kPlatform).status, 403);
    EXPECT_EQ(send("POST", "/v1/storage/rebuilds", kAdmin).status, 202);
    clock->run_for(Millis{0});
    const JsonValue storage = json(get("/v1/storage"));
    EXPECT_TRUE(storage["rebuild"]["complete"].bool_or(false));
    EXPECT_EQ(storage["rebuild"]["done"].text(), storage["rebuild"]["total"].text());
    EXPECT_EQ(storage["last_check"]["depth"].text(), "integrity_check");
    EXPECT_EQ(storage["under_way"].text(), "");
    EXPECT_EQ(outcome(put_contact("C1", "one")), "accepted");
}

TEST_F(SpillApi, SubmissionsDuringARebuildGoToTheFile) {
    tasks.spawn(spilled->run(), "spill");
    auto rebuild = start(io, store->rebuild_indexes());
    io.restart();
    while (!store->held() && io.poll_one() > 0) {
    }
    HttpRequest request;
    request.method = "PUT";
    request.target = std::string(kContacts) + "C1";
    request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
    request.body = a_contact("one");
    auto put = start(io, handler(request));
    clock->run_for(Millis{1'000});
    auto reply = put.take();
    EXPECT_EQ(outcome(std::get<HttpResponse>(reply)), "spilled");
    EXPECT_TRUE(rebuild.take()->complete);
    EXPECT_EQ(version("C1"), 1);
    EXPECT_EQ(outcome(put_contact("C1", "two")), "accepted");
}

}  // namespace spillway::test
