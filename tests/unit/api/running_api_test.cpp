// A job in flight says so, whatever its row says.

#include <set>

#include "services/store/syncs.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct InFlight : ApiTest {
    /// Ten contacts that may be sent; the ids of their jobs, oldest first.
    void SetUp() override {
        for (int i = 0; i < 10; ++i) {
            const auto accepted =
                accept(RecordKind::contact, "C" + std::to_string(i), a_contact("C" + std::to_string(i)));
            ASSERT_TRUE(accepted.ok());
            ids.push_back(*accepted->job);
        }
        ASSERT_EQ(send("POST", "/v1/connections/con_a/syncs", kPartnerA).status, 202);
    }
    std::string state_of(queue::JobId id) {
        return json(get("/v1/jobs/" + std::to_string(id), kReadA))["state"].string_or("");
    }
    /// What a list shows, over all its pages: "id state".
    std::set<std::string> listed(const std::string& list, const std::string& states, const std::string& limit) {
        std::set<std::string> shown;
        std::string after;
        for (int pages = 0; pages < 30; ++pages) {
            const auto page = json(get(list + "?limit=" + limit + (states.empty() ? "" : "&state=" + states) + after));
            for (const auto& row : page["items"].items()) {
                const auto id = (row.find("job_id") ? row["job_id"] : row["id"]).int64_or(0);
                EXPECT_TRUE(shown.insert(std::to_string(id) + " " + row["state"].string_or("")).second) << "twice";
            }
            const auto next = page["next"].string_or("");
            if (next.empty()) return shown;
            after = "&after=" + next;
        }
        ADD_FAILURE() << "the pages never end";
        return shown;
    }
    std::set<std::string> expected(const std::set<std::size_t>& running, bool with_running, bool with_waiting) {
        std::set<std::string> out;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const bool runs = running.contains(i);
            if (runs ? with_running : with_waiting)
                out.insert(std::to_string(ids[i]) + (runs ? " running" : " waiting"));
        }
        return out;
    }
    std::vector<queue::JobId> ids;
};

TEST_F(InFlight, AJobSaysRunningFromItsClaimToItsSettlement) {
    EXPECT_EQ(state_of(ids[0]), "waiting");
    const auto held = claim(ids[0]);
    EXPECT_EQ(state_of(ids[0]), "running");
    begin_effect(held);
    EXPECT_EQ(state_of(ids[0]), "running") << "the row says unknown";
    const auto record = json(get("/v1/connections/con_a/records/contact/C0", kReadA));
    EXPECT_EQ(record["state"].text(), "running");
    EXPECT_EQ(record["job"]["state"].text(), "running");
    settle(held, queue::Settlement::unknown("no answer"));
    EXPECT_EQ(state_of(ids[0]), "unknown");
}

TEST_F(InFlight, ListsShowRunningJobsOnceAndUnderThatStateOnly) {
    for (const std::size_t i : {1u, 4u, 9u}) claim(ids[i]);
    const std::set<std::size_t> running{1, 4, 9};
    for (const char* list : {"/v1/jobs", "/v1/connections/con_a/records"})
        for (const char* limit : {"1", "3", "200"}) {
            EXPECT_EQ(listed(list, "", limit), expected(running, true, true)) << list << limit;
            EXPECT_EQ(listed(list, "running", limit), expected(running, true, false)) << list << limit;
            EXPECT_EQ(listed(list, "waiting", limit), expected(running, false, true)) << list << limit;
        }
    EXPECT_EQ(listed("/v1/jobs", "waiting,running", "4"), expected(running, true, true));
    EXPECT_EQ(listed("/v1/jobs", "parked", "4"), std::set<std::string>());
}

TEST_F(InFlight, ARunningFilterSeesOnlyWhatItNames) {
    claim(ids[2]);
    const auto shown = [&](const std::string& filter) {
        return json(get("/v1/jobs?state=running&" + filter))["items"].items().size();
    };
    EXPECT_EQ(shown("connection_id=con_a"), 1u);
    EXPECT_EQ(shown("connection_id=con_b"), 0u);
    EXPECT_EQ(shown("partner_id=par_b"), 0u);
    EXPECT_EQ(shown("kind=push.contact"), 1u);
    EXPECT_EQ(shown("kind=push.invoice"), 0u);
    EXPECT_EQ(shown("key=contact%2FC2"), 1u);
    EXPECT_EQ(shown("key=contact%2FC3"), 0u);
    EXPECT_EQ(json(get("/v1/jobs?state=running", kPartnerB))["items"].items().size(), 0u);
}

TEST_F(InFlight, ASyncCountsThemApart) {
    const auto held = claim(ids[0]);
    claim(ids[1]);
    begin_effect(held);
    const auto progress = json(get("/v1/connections/con_a/syncs/syn_1"));
    EXPECT_EQ(progress["counts"]["running"].int64_or(0), 2);
    EXPECT_EQ(progress["counts"]["waiting"].int64_or(0), 8);
    EXPECT_TRUE(progress["counts"]["unknown"].is_null());
    EXPECT_EQ(progress["left"].int64_or(0), 10);
}

}  // namespace
}  // namespace spillway::test
