#include "tests/unit/api/api_fixture.hpp"

#include "schema/sha256.hpp"
#include "services/store/api_keys.hpp"
#include "services/store/syncs.hpp"

namespace spillway::test {
namespace {

store::ApiKeyRow key_row(const std::string& secret, const std::string& scope, std::optional<std::string> partner) {
    store::ApiKeyRow key;
    key.id = "key_" + secret.substr(4);
    key.hash = sha256_hex(secret);
    key.scope = scope;
    key.partner = std::move(partner);
    key.name = secret;
    return key;
}

}  // namespace

Result<void> FakeSync::note(std::string what) {
    asked.push_back(std::move(what));
    if (failure) return *failure;
    return success();
}

FakeSync::Task<sync::Consent> FakeSync::start_connect(PartnerId partner, std::string provider,
                                                      std::optional<ConnectionId> reconnect, std::string url) {
    auto noted = note("start_connect " + partner.value + " " + provider + " " + (reconnect ? reconnect->value : "-") +
                      " " + url);
    if (!noted.ok()) co_return noted.error();
    co_return sync::Consent{"https://provider.example/consent?state=s1", "s1"};
}

FakeSync::Task<sync::SyncService::Connected> FakeSync::finish_connect(std::string state, std::string code,
                                                                      std::string realm, std::string error) {
    auto noted = note("finish_connect " + state + " " + code + " " + realm + " " + error);
    if (!noted.ok()) co_return noted.error();
    co_return Connected{{ConnectionId("con_a")}, return_url};
}

FakeSync::Task<void> FakeSync::pause(ConnectionId connection, std::string reason, std::optional<WallTime> until) {
    co_return note("pause " + connection.value + " " + reason + (until ? " until" : ""));
}
FakeSync::Task<void> FakeSync::resume(ConnectionId connection) { co_return note("resume " + connection.value); }
FakeSync::Task<void> FakeSync::disconnect(ConnectionId connection) { co_return note("disconnect " + connection.value); }
FakeSync::Task<void> FakeSync::refresh_books(ConnectionId connection) {
    co_return note("refresh_books " + connection.value);
}
FakeSync::Task<store::LinkByHand> FakeSync::find_object(ConnectionId connection, queue::JobId job,
                                                        std::string provider_id) {
    auto noted = note("find_object " + connection.value + " " + provider_id);
    if (!noted.ok()) co_return std::move(noted).error();
    object.job_id = job;
    object.link.id = provider_id;
    co_return object;
}
FakeSync::Task<void> FakeSync::save_mapping(ConnectionId connection, Mapping mapping) {
    co_return note("save_mapping " + connection.value + " " + mapping.sales_account);
}
FakeSync::Task<void> FakeSync::set_posting(ConnectionId connection, std::string posting) {
    co_return note("set_posting " + connection.value + " " + posting);
}

FakeSync::Task<SyncId> FakeSync::start_sync(ConnectionId connection, std::string requested_by) {
    auto noted = note("start_sync " + connection.value);
    if (!noted.ok()) co_return noted.error();
    store::SyncRow sync;
    sync.id = SyncId("syn_" + std::to_string(++syncs_));
    sync.connection = connection;
    sync.requested_by = requested_by;
    sync.created = clock_.wall_now();
    queue::Work work = [sync](queue::Transaction& transaction) {
        store::insert_sync(queue::sqlite::connection_of(transaction), sync);
        return transaction.release(sync.connection.value, "posting", 1'000'000);
    };
    auto done = co_await store_.commit(queue::CommandClass::intake, std::move(work));
    if (!done.ok()) co_return done.error();
    co_return sync.id;
}

sync::LaneStatus FakeSync::lane_status(const ConnectionId&) const {
    sync::LaneStatus status;
    status.doing = "waiting";
    status.waits_for = "minute limit";
    status.wait_left = Millis{1500};
    status.calls = 12;
    return status;
}

ApiTest::ApiTest()
    : sync(*store, *clock),
      replayer(io.get_executor(), *store, *clock),
      context{*store,
              sync,
              {{"xero", nullptr}, {"qbo", nullptr}},
              *clock,
              random,
              {sha256_hex(kAdmin), "", "g1"},
              [] { return success(); },
              [this](const api::RequestLog& entry) { logged.push_back(entry); },
              nullptr,
              &replayer},
      handler(api::make_handler(context)) {
    auto seeded = commit([](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::insert_api_key(connection, key_row(kPlatform, "platform", std::nullopt));
        store::insert_api_key(connection, key_row(kPartnerA, "partner", "par_a"));
        store::insert_api_key(connection, key_row(kPartnerB, "partner", "par_b"));
        store::insert_api_key(connection, key_row(kReadA, "read_only", "par_a"));
        store::insert_api_key(connection, key_row(kReadAll, "read_only", std::nullopt));
        return success();
    });
    if (!seeded.ok()) throw std::runtime_error(seeded.error().detail);
}

http::Reply ApiTest::reply(HttpRequest request) { return finish(handler(std::move(request))); }

HttpResponse ApiTest::send(HttpRequest request) {
    auto answer = reply(std::move(request));
    if (auto* response = std::get_if<HttpResponse>(&answer)) return std::move(*response);
    return std::get<http::StreamedResponse>(answer).head;
}

HttpResponse ApiTest::send(const std::string& method, const std::string& target, const std::string& key,
                           const std::string& body, HttpHeaders headers) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = body;
    if (!key.empty()) request.headers.set("Authorization", "Bearer " + key);
    return send(std::move(request));
}

JsonValue ApiTest::json(const HttpResponse& response) {
    auto value = parse_json(response.body);
    return value.ok() ? *value : JsonValue();
}

HttpResponse ApiTest::put_contact(const std::string& id, const std::string& name, HttpHeaders headers) {
    return send("PUT", "/v1/connections/con_a/records/contact/" + id, kPartnerA, a_contact(name), std::move(headers));
}

}  // namespace spillway::test
