// The route table against openapi.json, and what must hold for every route.

#include <fstream>
#include <iterator>
#include <set>

#include "services/api/routes.hpp"
#include "services/store/replays.hpp"
#include "services/store/syncs.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

JsonValue contract() {
    std::ifstream file(SPILLWAY_SOURCE_DIR "/schema/api/openapi.json");
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    auto value = parse_json(text);
    if (!value.ok()) throw std::runtime_error("openapi.json: " + value.error().detail);
    return *value;
}

std::string upper(std::string_view word) {
    std::string out(word);
    for (char& c : out) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    return out;
}

std::string line_of(std::string_view method, std::string_view path, std::set<std::string> scopes,
                    std::set<std::string> query) {
    std::string line = std::string(method) + " " + std::string(path) + " scopes:";
    for (const auto& scope : scopes) line += " " + scope;
    line += " query:";
    for (const auto& name : query) line += " " + name;
    return line;
}

std::set<std::string> words(std::string_view text) {
    std::set<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) out.emplace(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// Query parameters of an operation, "$ref"s to the shared ones included.
std::set<std::string> query_of(const JsonValue& operation) {
    std::set<std::string> names;
    for (const JsonValue& parameter : operation["parameters"].items()) {
        const std::string_view reference = parameter["$ref"].text();
        if (reference.ends_with("/after")) names.insert("after");
        if (reference.ends_with("/limit")) names.insert("limit");
        if (parameter["in"].text() == "query") names.emplace(parameter["name"].text());
    }
    return names;
}

TEST(Contract, TheRouteTableAndOpenapiListTheSameOperationsScopesAndParameters) {
    std::set<std::string> written, served;
    const JsonValue document = contract();
    for (const JsonMember& path : document["paths"].members()) {
        for (const JsonMember& operation : path.value.members()) {
            if (operation.name == "parameters") continue;
            std::set<std::string> scopes;
            for (const JsonValue& scope : operation.value["x-scopes"].items()) scopes.emplace(scope.text());
            const bool open = path.name == "/v1/connect/callback";
            written.insert(line_of(upper(operation.name), path.name, scopes,
                                   open ? std::set<std::string>{"*"} : query_of(operation.value)));
        }
    }
    for (const api::Route& route : api::routes())
        served.insert(line_of(route.method, route.path, words(route.scopes), words(route.query)));
    EXPECT_EQ(written, served);
    EXPECT_EQ(served.size(), api::routes().size());
}

/// A path with real ids of partner B: what partner A must never see.
struct Everywhere : ApiTest {
    void SetUp() override {
        const auto accepted = accept(RecordKind::contact, "X1", a_contact(), "con_b");
        ASSERT_TRUE(accepted.ok());
        job_b = std::to_string(*accepted->job);
        auto seeded = commit([&](queue::Transaction& transaction) {
            auto& connection = queue::sqlite::connection_of(transaction);
            store::SyncRow sync;
            sync.id = SyncId("syn_b");
            sync.connection = ConnectionId("con_b");
            store::insert_sync(connection, sync);
            auto owner = *store::get_connection(connection, ConnectionId("con_b"));
            owner.books = "{}";
            store::update_connection(connection, owner);
            webhooks::WebhookRow webhook;
            webhook.id = "whk_b";
            webhook.partner = "par_b";
            webhook.url = "https://b.example/";
            webhook.types = "*";
            webhooks::insert_webhook(connection, webhook);
            webhooks::DeliveryRow delivery;
            delivery.webhook = "whk_b";
            delivery.message = "msg_b";
            delivery_b = std::to_string(webhooks::insert_delivery(connection, delivery));
            store::insert_replay(connection, {"rep_b", "par_b", "key:b", "{}", 0, from_ms(0)});
            return success();
        });
        ASSERT_TRUE(seeded.ok());
    }

    std::string path_of_b(std::string_view path) {
        std::string out(path);
        const std::pair<std::string, std::string> values[] = {
            {"{partner_id}", "par_b"}, {"{connection_id}", "con_b"}, {"{kind}", "contact"},    {"{external_id}", "X1"},
            {"{sync_id}", "syn_b"},    {"{job_id}", job_b},          {"{replay_id}", "rep_b"}, {"{key_id}", "key_b"},
            {"{webhook_id}", "whk_b"}, {"{delivery_id}", delivery_b}};
        for (const auto& [name, value] : values)
            if (const auto at = out.find(name); at != std::string::npos) out.replace(at, name.size(), value);
        return out;
    }
    std::string job_b, delivery_b;
};

TEST_F(Everywhere, IdsOfAnotherPartnerAreNotFoundWhateverTheScope) {
    int checked = 0;
    for (const api::Route& route : api::routes()) {
        if (route.scopes.empty() || route.path.find('{') == std::string_view::npos) continue;
        for (const char* key : {kPartnerA, kReadA}) {
            const auto response = send(std::string(route.method), path_of_b(route.path), key);
            EXPECT_EQ(response.status, 404) << route.method << " " << route.path << " " << response.body;
            ++checked;
        }
        const auto own = send(std::string(route.method), path_of_b(route.path), kAdmin);
        EXPECT_NE(own.status, 404) << "the check would pass for any id: " << route.method << " " << route.path
                                   << own.body;
    }
    EXPECT_GT(checked, 40);
    EXPECT_EQ(get("/v1/connections?partner_id=par_b", kPartnerA).status, 404);
    EXPECT_EQ(get("/v1/jobs?partner_id=par_b", kPartnerA).status, 404);
    EXPECT_EQ(get("/v1/jobs?connection_id=con_b", kPartnerA).status, 404);
    EXPECT_EQ(send("POST", "/v1/replays", kPartnerA, R"({"filter":{"connection_id":"con_b"},"dry_run":true})").status,
              404);
    EXPECT_EQ(send("POST", "/v1/replays", kPartnerA, R"({"filter":{"partner_id":"par_b"},"dry_run":true})").status,
              404);
}

TEST_F(Everywhere, ListsShowAPartnerOnlyItsOwn) {
    for (const char* list :
         {"/v1/partners", "/v1/connections", "/v1/jobs", "/v1/replays", "/v1/events", "/v1/webhooks"}) {
        const auto response = get(list, kPartnerA);
        EXPECT_EQ(response.status, 200) << list;
        EXPECT_EQ(response.body.find("_b\""), std::string::npos) << list << " " << response.body;
        EXPECT_NE(get(list, kAdmin).body.find("_b\""), std::string::npos) << list;
    }
}

TEST_F(Everywhere, AReadOnlyKeyWritesNothing) {
    int checked = 0;
    for (const api::Route& route : api::routes()) {
        if (route.scopes.empty() || route.method == "GET") continue;
        const auto response = send(std::string(route.method), path_of_b(route.path), kReadAll);
        EXPECT_EQ(response.status, 403) << route.method << " " << route.path << " " << response.body;
        ++checked;
    }
    EXPECT_GT(checked, 15);
    EXPECT_TRUE(sync.asked.empty());
}

TEST_F(Everywhere, WithoutAGoodKeyThereIsNothing) {
    for (const api::Route& route : api::routes()) {
        if (route.scopes.empty()) continue;
        for (const char* key : {"", "spk_wrong"}) {
            const auto response = send(std::string(route.method), path_of_b(route.path), key);
            EXPECT_EQ(response.status, 401) << route.method << " " << route.path;
            EXPECT_TRUE(response.headers.find("WWW-Authenticate").has_value());
        }
    }
}

struct Requests : ApiTest {};

TEST_F(Requests, UnknownPathsAndMethodsAreToldApart) {
    EXPECT_EQ(get("/v1/nothing").status, 404);
    const auto wrong = send("DELETE", "/v1/partners", kAdmin);
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.find("Allow").value_or(""), "POST, GET");
}

TEST_F(Requests, TheCallersRequestIdComesBackAndIsLogged) {
    const auto echoed = send("GET", "/healthz", "", "", {{"X-Request-Id", "abc-1"}});
    EXPECT_EQ(echoed.headers.find("X-Request-Id").value_or(""), "abc-1");
    ASSERT_EQ(logged.size(), 1u);
    EXPECT_EQ(logged[0].request_id, "abc-1");
    EXPECT_EQ(logged[0].route, "/healthz");
    const auto made = send("GET", "/healthz", "", "", {{"X-Request-Id", "two words"}});
    EXPECT_EQ(made.headers.find("X-Request-Id").value_or("").size(), 32u);
}

TEST_F(Requests, UnknownMembersAndParametersAreRefused) {
    const auto member = send("POST", "/v1/partners", kAdmin, R"({"name":"x","colour":"red"})");
    EXPECT_EQ(member.status, 400);
    EXPECT_EQ(json(member)["pointer"].text(), "/colour");
    EXPECT_EQ(code(get("/v1/partners?page=2")), "unknown_parameter");
    EXPECT_EQ(code(get("/v1/partners?limit=201")), "bad_limit");
    EXPECT_EQ(code(get("/v1/jobs?after=x")), "bad_cursor");
}

TEST_F(Requests, ABodyBeyondTheRoutesLimitIsRefused) {
    const auto response = send("POST", "/v1/partners", kAdmin, std::string(70'000, ' '));
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(response.headers.find("Content-Type").value_or(""), "application/problem+json");
}

TEST_F(Requests, TheDocumentsAreServedWithoutAKey) {
    EXPECT_EQ(json(get("/openapi.json", "")), contract());
    EXPECT_FALSE(json(get("/schemas/record.json", ""))["$schema"].is_null());
    EXPECT_EQ(get("/healthz", "").status, 200);
    EXPECT_EQ(get("/readyz", "").status, 200);
    context.ready = [] {
        return Result<void>(Error{ErrorKind::unavailable, "checking", "the store is being checked"});
    };
    EXPECT_EQ(get("/readyz", "").status, 503);
}

TEST_F(Requests, ADoubtIsSeenByWhoWatchesTheService) {
    EXPECT_TRUE(json(get("/readyz", ""))["doubt"].is_null());
    EXPECT_NE(get("/metrics", kReadAll).body.find("spillway_in_doubt{why=\"\"} 0\n"), std::string::npos);
    sync.trusted = {2, store::Doubt{"clock_gap", from_ms(0), 7, std::nullopt}};
    const auto ready = json(get("/readyz", ""));
    EXPECT_EQ(ready["status"].text(), "ready");
    EXPECT_EQ(ready["doubt"]["why"].text(), "clock_gap");
    EXPECT_EQ(ready["doubt"]["since"].text(), "1970-01-01T00:00:00.000Z");
    const auto shown = get("/metrics", kReadAll).body;
    EXPECT_NE(shown.find("spillway_in_doubt{why=\"clock_gap\"} 1\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("spillway_clock_alarms_total 2\n"), std::string::npos) << shown;
}

TEST_F(Requests, MetricsCountJobsCallsAndRequests) {
    ASSERT_EQ(put_contact("C1", "Acme").status, 202);
    const auto response = get("/metrics", kReadAll);
    ASSERT_EQ(response.status, 200);
    for (const char* line : {"spillway_jobs{connection=\"con_a\",provider=\"xero\",state=\"blocked\"} 1\n",
                             "spillway_provider_calls_total{connection=\"con_b\",provider=\"qbo\"} 12\n",
                             "status=\"202\"} 1\n", "le=\"+Inf\"} 1\n"})
        EXPECT_NE(response.body.find(line), std::string::npos) << line << response.body;
    EXPECT_EQ(get("/metrics", kReadA).status, 403);
}

}  // namespace
}  // namespace spillway::test
