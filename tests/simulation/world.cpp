#include "tests/simulation/world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <filesystem>
#include <fstream>

#include "connectors/qbo/qbo.hpp"
#include "connectors/xero/xero.hpp"
#include "migrations.hpp"
#include "schema/json_text.hpp"
#include "schema/runtime/with_deadline.hpp"
#include "schema/sha256.hpp"
#include "services/sandbox/qbo/qbo_model.hpp"
#include "services/sandbox/xero/xero_model.hpp"

namespace spillway::test {

namespace asio = boost::asio;

namespace {

constexpr const char* kAdminKey = "simulated-administrator";
constexpr const char* kXeroOrigin = "http://xero.sandbox";
constexpr const char* kQboOrigin = "http://qbo.sandbox";

asio::awaitable<SendResult> played(sandbox::Core& core, HttpRequest request) {
    auto reply = co_await core.serve(std::move(request));
    SendResult result;
    if (auto* response = std::get_if<HttpResponse>(&reply)) {
        result.stage = Stage::answered;
        result.response = std::move(*response);
    } else {
        result.stage = Stage::sending;
        result.failure = "connection closed without an answer";
    }
    co_return result;
}

/// Both providers' apps, pointing at the sandbox.
sync::ProviderApp app_of(const std::string& name) {
    sync::ProviderApp app;
    app.provider = name == "xero" ? make_xero() : make_qbo();
    app.api_origin = name == "xero" ? kXeroOrigin : kQboOrigin;
    app.oauth = *oauth::default_app(name);
    app.oauth.mark = oauth::Mark::sandbox;
    app.oauth.client_id = "sandbox-" + name + "-client";
    app.oauth.client_secret = Secret("sandbox-" + name + "-secret");
    const std::string origin = app.api_origin;
    app.oauth.authorize_url = origin + (name == "xero" ? "/identity/connect/authorize" : "/connect/oauth2");
    app.oauth.token_url = origin + (name == "xero" ? "/connect/token" : "/oauth2/v1/tokens/bearer");
    app.oauth.revoke_url = origin + (name == "xero" ? "/connect/revocation" : "/v2/oauth2/tokens/revoke");
    app.oauth.redirect_uri = "http://localhost:1/v1/connect/callback";
    app.budget = std::make_unique<pacing::AppBudget>(app.provider->limits());
    return app;
}

Result<oauth::Vault> vault() { return oauth::Vault::from_text("k1:" + std::string(64, '7') + "\n"); }

}  // namespace

asio::awaitable<SendResult> MemoryTransport::send(std::string, HttpRequest request, SendLimits limits) {
    (void)limits;
    if (dead_) co_return SendResult{Stage::not_sent, {}, "the process has died"};
    auto result = co_await played(core_, std::move(request));
    // An answer that arrives after the process died is nobody's.
    if (dead_) co_return SendResult{Stage::sending, {}, "the process has died"};
    co_return result;
}

/// One run of the service, from start to crash.
struct World::Process {
    SeededRandom random;
    MemoryTransport transport;
    std::unique_ptr<queue::sqlite::SqliteStore> store;
    std::unique_ptr<sync::GrantKeeper> grants;
    std::unique_ptr<sync::Service> service;
    std::unique_ptr<api::ApiContext> context;
    http::Handler handler;
    std::unique_ptr<TaskGroup> tasks;

    Process(std::uint64_t seed, sandbox::Core& core) : random(seed), transport(core) {}
};

World::World(std::uint64_t seed) : seed_(seed), random_(seed), io_(1), clock_(io_), sandbox_(clock_, seed) {
    sandbox_.add(sandbox::make_xero_model(seed));
    sandbox_.add(sandbox::make_qbo_model(seed));
    folder_ = (std::filesystem::temp_directory_path() / ("spillway-world-" + SystemRandom().hex128())).string();
    std::filesystem::create_directories(folder_ + "/0");
    start_process();
}

World::~World() {
    process_->transport.die();
    auto stopping = process_->service->stop(Millis{0});
    wait(std::move(stopping));
    wait(process_->tasks->stop(clock_, Millis{0}));
    wait(process_->store->close());
    process_.reset();
    std::filesystem::remove_all(folder_);
}

template <class T>
T World::wait(asio::awaitable<T> what) {
    bool done = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
        asio::co_spawn(io_, std::move(what), [&](std::exception_ptr thrown) { failure = thrown, done = true; });
        if (!clock_.run_until([&] { return done; }))
            throw std::runtime_error("nothing left that could finish the wait");
        if (failure) std::rethrow_exception(failure);
    } else {
        T value{};
        asio::co_spawn(io_, std::move(what), [&](std::exception_ptr thrown, T got) {
            failure = thrown, value = std::move(got), done = true;
        });
        if (!clock_.run_until([&] { return done; }))
            throw std::runtime_error("nothing left that could finish the wait");
        if (failure) std::rethrow_exception(failure);
        return value;
    }
}

void World::start_process() {
    const auto home = folder_ + "/" + std::to_string(generation_);
    process_ = std::make_unique<Process>(random_.next(), sandbox_);
    auto& process = *process_;
    queue::sqlite::Settings settings;
    settings.path = home + "/spillway.db";
    settings.migrations = embedded::migrations;
    settings.on_loop = true;
    settings.read_limit = Millis{0};
    settings.free_bytes = [] { return std::int64_t{100} << 30; };
    auto store = queue::sqlite::SqliteStore::open(io_.get_executor(), clock_, settings);
    if (!store.ok()) throw std::runtime_error(store.error().detail);
    process.store = std::move(*store);
    auto file = sync::GrantFile::open(home + "/grants.db", *vault());
    if (!file.ok()) throw std::runtime_error(file.error().detail);
    process.grants = std::make_unique<sync::GrantKeeper>(sync::GrantKeeper::Parts{
        io_.get_executor(), io_.get_executor(), std::move(*file), process.transport, clock_, process.random});
    std::map<std::string, sync::ProviderApp> apps;
    for (const std::string name : {"xero", "qbo"}) {
        apps.emplace(name, app_of(name));
        process.grants->add_app(apps.at(name).oauth);
    }
    if (auto loaded = wait(process.grants->load()); !loaded.ok()) throw std::runtime_error(loaded.error().detail);
    process.service =
        std::make_unique<sync::Service>(sync::Service::Parts{io_.get_executor(), *process.store, process.transport,
                                                             *process.grants, clock_, process.random, std::move(apps)});
    std::map<std::string, const Provider*, std::less<>> providers;
    for (const auto& [name, app] : process.service->apps()) providers.emplace(name, app.provider.get());
    process.context = std::make_unique<api::ApiContext>(api::ApiContext{*process.store,
                                                                        *process.service,
                                                                        std::move(providers),
                                                                        clock_,
                                                                        process.random,
                                                                        {sha256_hex(kAdminKey), "", "simulated"},
                                                                        [] { return success(); }});
    process.handler = api::make_handler(*process.context);
    process.tasks = std::make_unique<TaskGroup>(io_.get_executor(), "process");
    process.tasks->spawn(process.store->run(), "store");
    if (auto started = wait(process.service->start()); !started.ok()) throw std::runtime_error(started.error().detail);
}

void World::crash() {
    const auto before = folder_ + "/" + std::to_string(generation_);
    const auto after = folder_ + "/" + std::to_string(++generation_);
    // What is durable at this moment is what the next process will find; whatever the dying one still does, it does to
    // its own copy.
    std::filesystem::create_directories(after);
    for (const char* name : {"spillway.db", "spillway.db-wal", "grants.db", "grants.db-journal"})
        if (std::filesystem::exists(before + "/" + name))
            std::filesystem::copy_file(before + "/" + name, after + "/" + name);
    process_->transport.die();
    wait(process_->service->stop(Millis{0}));
    wait(process_->tasks->stop(clock_, Millis{0}));
    wait(process_->store->close());
    process_.reset();
    std::filesystem::remove_all(before);
    start_process();
}

HttpResponse World::api(const std::string& method, const std::string& target, const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers.add("Authorization", std::string("Bearer ") + kAdminKey);
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    request.body = body;
    auto reply = wait(process_->handler(std::move(request)));
    return std::get<HttpResponse>(std::move(reply));
}

JsonValue World::ok(const std::string& method, const std::string& target, const std::string& body) {
    const auto response = api(method, target, body);
    if (response.status >= 300)
        throw std::runtime_error(method + " " + target + ": " + std::to_string(response.status) + " " + response.body);
    auto parsed = parse_json(response.body);
    return parsed.ok() ? std::move(*parsed) : JsonValue{};
}

HttpResponse World::sandbox(const std::string& method, const std::string& target, const std::string& body) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    if (!body.empty())
        request.headers.add("Content-Type", body.front() == '{' || body.front() == '['
                                                ? "application/json"
                                                : "application/x-www-form-urlencoded");
    request.body = body;
    auto reply = wait(sandbox_.serve(std::move(request)));
    return std::get<HttpResponse>(std::move(reply));
}

std::string World::connect(const std::string& provider) {
    if (partner_.empty()) partner_ = ok("POST", "/v1/partners", R"({"name":"Simulated partner"})")["id"].string_or("");
    return connect(provider, partner_, "");
}

std::string World::connect(const std::string& provider, const std::string& partner, const std::string& reconnect) {
    const auto consent = reconnect.empty() ? ok("POST", "/v1/partners/" + partner + "/connections",
                                                R"({"provider":")" + provider + "\"}")
                                           : ok("POST", "/v1/connections/" + reconnect + "/reconnect", "{}");
    const auto url = consent["consent_url"].string_or("");
    const auto origin = oauth::origin_of(url);
    HttpRequest page;
    page.target = url.substr(origin->size());
    auto form = *parse_form(page.query());
    const auto tenants = ledger(provider);
    form.emplace_back(provider == "xero" ? "tenant" : "realm", tenants["id"].string_or(""));
    form.emplace_back("decision", "allow");
    const auto answer = sandbox("POST", std::string(page.path()), encode_form(form));
    const auto location = std::string(answer.headers.find("Location").value_or(""));
    if (answer.status != 302 || location.empty())
        throw std::runtime_error("no redirect after consent: " + std::to_string(answer.status) + answer.body);
    const auto callback = api("GET", location.substr(oauth::origin_of(location)->size()));
    if (callback.status >= 400) throw std::runtime_error("callback: " + callback.body);
    if (!reconnect.empty()) return reconnect;
    const auto list = ok("GET", "/v1/connections?provider=" + provider);
    for (const auto& [name, value] : list.members())
        for (const auto& connection : value.items())
            if (connection["partner_id"].string_or("") == partner) return connection["id"].string_or("");
    throw std::runtime_error("no connection was made");
}

int World::put(const std::string& connection, const std::string& kind, const std::string& external_id,
               const std::string& body) {
    return api("PUT", "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id), body)
        .status;
}

std::string World::start_sync(const std::string& connection) {
    return ok("POST", "/v1/connections/" + connection + "/syncs")["id"].string_or("");
}

bool World::sync_done(const std::string& connection, const std::string& sync) {
    return ok("GET", "/v1/connections/" + connection + "/syncs/" + sync)["state"].string_or("") == "done";
}

bool World::finish(const std::string& connection, const std::string& sync, Millis limit) {
    const auto until = clock_.steady_now() + limit;
    while (!sync_done(connection, sync)) {
        if (clock_.steady_now() >= until) return false;
        clock_.run_for(Millis{2'000});
    }
    return true;
}

std::string World::state_of(const std::string& connection, const std::string& kind, const std::string& external_id) {
    const auto record =
        ok("GET", "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id));
    return record["job"]["state"].string_or(record["state"].string_or(""));
}

JsonValue World::ledger(const std::string& provider) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    if (!parsed.ok()) throw std::runtime_error("the ledger cannot be read");
    return (*parsed)["tenants"].items().front();
}

std::vector<BookedDocument> World::documents(const std::string& provider) {
    const auto tenant = ledger(provider);
    std::vector<BookedDocument> out;
    for (const auto& document : tenant["documents"].items())
        out.push_back({document["type"].string_or(""), document["number"].string_or(""),
                       document["contact"].string_or(""), document["status"].string_or(""),
                       document["net"].decimal_or({}), document["total"].decimal_or({})});
    return out;
}

std::int64_t World::throttled(const std::string& provider) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    return (*parsed)["calls"]["throttled"].int64_or(-1);
}

std::int64_t World::calls(const std::string& provider, const std::string& operation) {
    auto parsed = parse_json(sandbox("GET", "/_sandbox/" + provider + "/ledger").body);
    return operation.empty() ? (*parsed)["calls"]["total"].int64_or(0)
                             : (*parsed)["calls"]["by_operation"][operation].int64_or(0);
}

std::string a_document(const std::string& contact, const std::string& number, const std::string& item,
                       const std::string& total) {
    JsonText json;
    json.object()
        .member("contact", contact)
        .member("number", number)
        .member("date", "2026-01-31")
        .member("currency", "GBP");
    json.member("amounts", "none").key("lines").array();
    json.object()
        .member("item", item)
        .member("description", "Goods")
        .member_raw("quantity", "1")
        .member_raw("unit_price", total)
        .close();
    json.close().member_raw("total", total).close();
    return std::move(json).take();
}

std::string a_contact(const std::string& name) {
    JsonText json;
    json.object().member("name", name).member("customer", true).close();
    return std::move(json).take();
}

std::string an_item(const std::string& code) {
    JsonText json;
    json.object().member("code", code).member("name", "Item " + code).close();
    return std::move(json).take();
}

}  // namespace spillway::test
