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

asio::awaitable<SendResult> MemoryTransport::send(std::string origin, HttpRequest request, SendLimits limits) {
    (void)limits;
    if (is_dead()) co_return SendResult{Stage::not_sent, {}, "the process has died"};
    const bool api = request.path().starts_with("/api.xro/") || request.path().starts_with("/v3/company/");
    const auto index = wire_.seen.size();
    if (api) {
        CallSeen call;
        call.provider = origin == kXeroOrigin ? "xero" : "qbo";
        call.method = request.method;
        call.path = std::string(request.target);
        call.tenant = std::string(request.headers.find("xero-tenant-id").value_or(""));
        call.body = request.body;
        call.batch = request.path().ends_with("/batch");
        call.sent = wire_.clock.steady_now();
        wire_.seen.push_back(std::move(call));
    }
    if (api && wire_.instead) {
        if (auto answer = wire_.instead(request)) {
            wire_.seen[index].status = answer->status;
            co_return SendResult{Stage::answered, std::move(*answer), {}};
        }
    }
    auto result = co_await played(wire_.core, std::move(request));
    if (api && result.stage == Stage::answered) wire_.seen[index].status = result.response.status;
    // An answer that arrives after the process died is nobody's.
    if (is_dead()) co_return SendResult{Stage::sending, {}, "the process has died"};
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

    Process(std::uint64_t seed, MemoryTransport::Wire wire) : random(seed), transport(wire) {}
};

World::World(std::uint64_t seed, Disk disk) : seed_(seed), random_(seed), io_(1), clock_(io_), sandbox_(clock_, seed) {
    sandbox_.add(sandbox::make_xero_model(seed));
    sandbox_.add(sandbox::make_qbo_model(seed));
    folder_ = (std::filesystem::temp_directory_path() / ("spillway-world-" + SystemRandom().hex128())).string();
    std::filesystem::create_directories(folder_ + "/0");
    if (disk == Disk::losing) disk_ = std::make_unique<FaultVfs>();
    start_process();
}

World::~World() {
    end_process();
    std::filesystem::remove_all(folder_);
}

void World::end_process() {
    process_->transport.die();
    wait(process_->service->stop(Millis{0}));
    wait(process_->tasks->stop(clock_, Millis{0}));
    wait(process_->store->close());
    process_.reset();
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
    process_ = std::make_unique<Process>(random_.next(),
                                         MemoryTransport::Wire{sandbox_, clock_, seen_, disk_.get(), instead_});
    auto& process = *process_;
    queue::sqlite::Settings settings;
    settings.path = home + "/spillway.db";
    if (disk_) settings.vfs = disk_->name();
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
    if (disk_) return cut_power_after(1, Millis{0});
    const auto before = folder_ + "/" + std::to_string(generation_);
    const auto after = folder_ + "/" + std::to_string(++generation_);
    // What is durable at this moment is what the next process will find; whatever the dying one still does, it does to
    // its own copy.
    std::filesystem::create_directories(after);
    for (const char* name : {"spillway.db", "spillway.db-wal", "grants.db", "grants.db-journal"})
        if (std::filesystem::exists(before + "/" + name))
            std::filesystem::copy_file(before + "/" + name, after + "/" + name);
    end_process();
    std::filesystem::remove_all(before);
    start_process();
}

void World::cut_power_after(std::uint64_t steps, Millis limit) {
    disk_->cut_power_in(steps);
    clock_.run_until([this] { return disk_->is_cut(); }, limit);
    power_on();
}

void World::power_on() {
    // Where nothing was written until now, the power goes before anything else is.
    process_->transport.die();
    if (!disk_->is_cut()) disk_->cut_power_in(1);
    end_process();
    disk_->power_on(random_);
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
    return sandbox(std::move(request));
}

HttpResponse World::sandbox(HttpRequest request) {
    auto reply = wait(sandbox_.serve(std::move(request)));
    return std::get<HttpResponse>(std::move(reply));
}

}  // namespace spillway::test
