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
#include "services/api/replayer.hpp"
#include "services/sandbox/qbo/qbo_model.hpp"
#include "services/sandbox/xero/xero_model.hpp"

namespace spillway::test {

namespace asio = boost::asio;

namespace {

constexpr const char* kAdminKey = "simulated-administrator";
constexpr const char* kXeroOrigin = "http://xero.sandbox";
constexpr const char* kQboOrigin = "http://qbo.sandbox";

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

/// One run of the service, from start to crash.
struct World::Process {
    SeededRandom random;
    std::unique_ptr<connectors::HttpTransport> transport{};
    std::unique_ptr<queue::sqlite::SqliteStore> store{};
    std::unique_ptr<sync::GrantKeeper> grants{};
    std::unique_ptr<sync::Service> service{};
    std::unique_ptr<api::Replayer> replayer{};
    std::unique_ptr<api::ApiContext> context{};
    http::Handler handler{};
    std::shared_ptr<const http::ServerContext> server{};  ///< the same handler behind the server's own sessions
    bool ended = false;                                   ///< dying: what it still answers is nobody's
    bool failed = false;                                  ///< its store gave up
    std::unique_ptr<TaskGroup> tasks{};

    explicit Process(std::uint64_t seed) : random(seed) {}
};

namespace {

/// A stream of its own for each name, so that a draw more in one place does not shift the others.
std::uint64_t stream(std::uint64_t seed, std::string_view name) {
    for (const char letter : name) seed = SeededRandom(seed ^ static_cast<unsigned char>(letter)).next();
    return seed;
}

}  // namespace

World::World(std::uint64_t seed, WorldOptions options)
    : seed_(seed),
      options_(options),
      random_(seed),
      order_(stream(seed, "order")),
      storage_random_(stream(seed, "storage")),
      callers_random_(stream(seed, "callers")),
      io_(1),
      clock_(io_),
      service_clock_(clock_),
      storage_(io_, clock_, storage_random_, options.storage_most),
      sandbox_(clock_, seed),
      network_(io_, clock_, sandbox_, stream(seed, "network")),
      callers_(io_, clock_, callers_random_) {
    if (options.draws_order) clock_.draw_order_from(order_);
    network_.power_of(&disk_);
    sandbox_.add(sandbox::make_xero_model(seed));
    sandbox_.add(sandbox::make_qbo_model(seed));
    folder_ = (std::filesystem::temp_directory_path() / ("spillway-world-" + SystemRandom().hex128())).string();
    std::filesystem::create_directories(folder_);
    start_process();
}

World::~World() {
    if (process_) end_process();
    wait(network_.stop());
    std::filesystem::remove_all(folder_);
}

bool World::has_failed() const { return process_ && process_->failed; }

void World::end_process() {
    process_->ended = true;
    network_.hang_up();
    callers_.hang_up();
    wait(process_->service->stop(Millis{0}));
    wait(process_->tasks->stop(clock_, Millis{0}));
    wait(process_->store->close());
    clock_.run_until([this] { return under_way_ == 0 && callers_.sessions() == 0; });
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

namespace {

asio::awaitable<void> run_store(queue::sqlite::SqliteStore& store, bool& failed) {
    co_await store.run();
    const bool asked = co_await stop_requested();
    failed = !asked;
}

}  // namespace

void World::start_process() {
    process_ = std::make_unique<Process>(random_.next());
    auto& process = *process_;
    connectors::TransportOptions wire;
    wire.open_link = [this](connectors::Origin origin, SteadyTime until) {
        return network_.open(std::move(origin), until);
    };
    process.transport = *connectors::HttpTransport::create(io_.get_executor(), clock_, std::move(wire));
    queue::sqlite::Settings settings;
    settings.path = folder_ + "/spillway.db";
    settings.vfs = disk_.name();
    settings.migrations = embedded::migrations;
    settings.on_loop = true;
    if (options_.storage_most > Millis{0}) settings.storage = SlowExecutor(storage_);
    settings.read_limit = Millis{0};
    settings.free_bytes = [this] { return free_bytes_; };
    auto store = queue::sqlite::SqliteStore::open(io_.get_executor(), service_clock_, settings);
    if (!store.ok()) throw std::runtime_error(store.error().detail);
    process.store = std::move(*store);
    auto file = sync::GrantFile::open(folder_ + "/grants.db", *vault(), disk_.name());
    if (!file.ok()) throw std::runtime_error(file.error().detail);
    process.grants = std::make_unique<sync::GrantKeeper>(
        sync::GrantKeeper::Parts{io_.get_executor(), io_.get_executor(), std::move(*file), *process.transport,
                                 service_clock_, process.random, process.random});
    std::map<std::string, sync::ProviderApp> apps;
    for (const std::string name : {"xero", "qbo"}) {
        apps.emplace(name, app_of(name));
        process.grants->add_app(apps.at(name).oauth);
    }
    if (auto loaded = wait(process.grants->load()); !loaded.ok()) throw std::runtime_error(loaded.error().detail);
    process.service = std::make_unique<sync::Service>(
        sync::Service::Parts{io_.get_executor(), *process.store, *process.transport, *process.grants, service_clock_,
                             process.random, std::move(apps)});
    std::map<std::string, const Provider*, std::less<>> providers;
    for (const auto& [name, app] : process.service->apps()) providers.emplace(name, app.provider.get());
    process.replayer = std::make_unique<api::Replayer>(io_.get_executor(), *process.store, service_clock_);
    process.context = std::make_unique<api::ApiContext>(api::ApiContext{*process.store,
                                                                        *process.service,
                                                                        std::move(providers),
                                                                        service_clock_,
                                                                        process.random,
                                                                        {sha256_hex(kAdminKey), "", "simulated"},
                                                                        [] { return success(); },
                                                                        {},
                                                                        nullptr,
                                                                        process.replayer.get()});
    process.handler = api::make_handler(*process.context);
    process.server = std::make_shared<http::ServerContext>(process.handler, service_clock_, http::ServerLimits{});
    process.tasks = std::make_unique<TaskGroup>(io_.get_executor(), "process");
    process.tasks->spawn(run_store(*process.store, process.failed), "store");
    process.tasks->spawn(process.replayer->run(), "replays");
    if (auto started = wait(process.service->start()); !started.ok()) throw std::runtime_error(started.error().detail);
}

void World::crash(Millis down) {
    disk_.cut_power();
    power_on(down);
}

void World::cut_power_after(std::uint64_t steps, Millis limit) {
    disk_.cut_power_in(steps);
    clock_.run_until([this] { return disk_.is_cut(); }, limit);
    power_on();
}

void World::power_on(Millis down) {
    disk_.cut_power();
    end_process();
    clock_.run_for(down);
    if (options_.disk == Disk::losing)
        disk_.power_on(random_);
    else
        disk_.power_on_unharmed();
    start_process();
}

void World::read_store(std::function<void(queue::sqlite::Connection&)> what) {
    std::function<Result<bool>(queue::sqlite::Connection&)> work =
        [what = std::move(what)](queue::sqlite::Connection& connection) -> Result<bool> {
        what(connection);
        return true;
    };
    auto read = wait(process_->store->read(std::move(work)));
    if (!read.ok()) throw std::runtime_error("the store cannot be read: " + read.error().detail);
}

void World::change_store(std::function<void(queue::sqlite::Connection&)> what) {
    queue::Work work = [what = std::move(what)](queue::Transaction& transaction) -> Result<void> {
        what(queue::sqlite::connection_of(transaction));
        return success();
    };
    auto changed = wait(process_->store->commit(queue::CommandClass::settle, std::move(work)));
    if (!changed.ok()) throw std::runtime_error("the store cannot be changed: " + changed.error().detail);
}

void World::start_on(FaultVfs::Image copy, Millis down) {
    disk_.cut_power();
    end_process();
    clock_.run_for(down);
    disk_.power_on_unharmed();
    std::erase_if(copy, [](const auto& file) { return file.first.find("grants.db") != std::string::npos; });
    for (auto& [name, bytes] : disk_.save())
        if (name.find("grants.db") != std::string::npos) copy.emplace(name, bytes);
    disk_.load(copy);
    start_process();
}

void World::send(HttpRequest request, std::function<void(const HttpResponse*)> done) {
    auto* process = process_.get();
    if (process == nullptr || process->ended || disk_.is_cut()) {
        // Nobody listens.
        asio::post(io_, [done = std::move(done)] {
            if (done) done(nullptr);
        });
        return;
    }
    ++under_way_;
    request.headers.add("Authorization", std::string("Bearer ") + kAdminKey);
    const auto tell = [this, process, done = std::move(done)](const HttpResponse* answer) {
        --under_way_;
        if (done) done(process->ended || disk_.is_cut() ? nullptr : answer);
    };
    if (options_.callers_wire) {
        asio::co_spawn(io_, callers_.call(process->server, std::move(request)),
                       [tell](std::exception_ptr failure, std::optional<HttpResponse> answer) {
                           tell(failure || !answer ? nullptr : &*answer);
                       });
        return;
    }
    asio::co_spawn(io_, process->handler(std::move(request)), [tell](std::exception_ptr failure, http::Reply reply) {
        tell(failure ? nullptr : std::get_if<HttpResponse>(&reply));
    });
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
    if (auto* response = std::get_if<HttpResponse>(&reply)) return std::move(*response);
    throw std::runtime_error("the sandbox dropped the connection");
}

}  // namespace spillway::test
