#include "services/spillwayd/daemon.hpp"

#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "connectors/http/client.hpp"
#include "connectors/qbo/qbo.hpp"
#include "connectors/xero/xero.hpp"
#include "migrations.hpp"
#include "schema/runtime/real_clock.hpp"
#include "schema/runtime/run_on.hpp"
#include "schema/runtime/signal.hpp"
#include "schema/sha256.hpp"
#include "services/api/api.hpp"
#include "services/api/replayer.hpp"
#include "services/http/problem.hpp"
#include "services/http/server.hpp"
#include "services/spillwayd/generation.hpp"
#include "services/spillwayd/key_files.hpp"
#include "services/spillwayd/nightly.hpp"
#include "services/spillwayd/relay_parts.hpp"
#include "services/spillwayd/storage_care.hpp"
#include "services/spillwayd/webhook_parts.hpp"
#include "services/sync/service.hpp"

namespace spillway::daemon {

namespace asio = boost::asio;

namespace {

// Together under the five seconds that a stop may take, with room for the store's last checkpoint.
constexpr Millis kServerGrace{1'000};
constexpr Millis kLaneGrace{2'500};
constexpr Millis kRelayGrace{300};
constexpr Millis kWebhookGrace{300};
/// Given up when the disk is full, so that what is in flight can be settled: hundreds of settlements fit.
constexpr std::int64_t kBallastBytes = 64ll << 20;

int refuse(const Error& error) {
    std::fprintf(stderr, "spillwayd: %s\n", error.detail.empty() ? error.code.c_str() : error.detail.c_str());
    return 2;
}

std::unique_ptr<Provider> make_provider(const std::string& name, const ProviderConfig& config) {
    return name == "xero" ? make_xero(config.calls_per_day.value_or(kXeroCallsPerDay)) : make_qbo();
}

std::map<std::string, sync::ProviderApp> make_apps(const Config& config) {
    std::map<std::string, sync::ProviderApp> apps;
    for (const auto& [name, provider] : config.providers) {
        sync::ProviderApp app;
        app.provider = make_provider(name, provider);
        app.api_origin = provider.api_origin;
        app.oauth = provider.app;
        app.budget = std::make_unique<pacing::AppBudget>(app.provider->limits());
        apps.emplace(name, std::move(app));
    }
    return apps;
}

Result<void> prepare_folders(const Config& config) {
    ::umask(077);
    std::error_code failure;
    for (const std::string& path : {config.state_dir, config.backup_dir}) {
        std::filesystem::create_directories(path, failure);
        if (failure) return invalid("state_dir", "cannot make the directory " + path + ": " + failure.message());
    }
    return success();
}

/// The first signal asks for a stop, a second one ends the process at once.
asio::awaitable<void> await_signals(asio::signal_set& signals, Signal& stop) {
    auto [failure, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (failure) co_return;
    log_info("stopping", {{"signal", number}});
    stop.notify();
    auto [failure_again, number_again] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!failure_again) std::_Exit(128 + number_again);
}

/// Every part, in the order in which they depend on each other.
struct Parts {
    asio::io_context& loop;
    const Config& config;
    RealClock clock{};
    SystemRandom random{};
    SystemRandom file_random{};  ///< for the grants thread: a generator serves one thread
    asio::thread_pool blocking{1};
    asio::thread_pool spill_thread{1};
    asio::thread_pool relay_blocking{1};  ///< names that nobody answers for must not hold up the grants
    std::unique_ptr<queue::sqlite::SqliteStore> store{};
    std::unique_ptr<spill::Spill> spill{};
    std::unique_ptr<connectors::HttpTransport> transport{};
    std::unique_ptr<sync::GrantKeeper> grants{};
    std::unique_ptr<sync::Service> service{};
    RelayParts relay{};
    WebhookParts webhooks{};
    std::unique_ptr<api::Replayer> replayer{};
    std::unique_ptr<api::ApiContext> api{};
    http::Handler handler{};
    std::unique_ptr<http::Server> server{};
    std::string generation{};
    bool started = false;  ///< every lane runs; before that the port is only held
};

Result<void> open_store(Parts& parts) {
    queue::sqlite::Settings settings;
    settings.path = parts.config.state_dir + "/spillway.db";
    settings.migrations = embedded::migrations;
    settings.ballast_bytes = kBallastBytes;
    auto store = queue::sqlite::SqliteStore::open(parts.loop.get_executor(), parts.clock, settings);
    if (!store.ok()) return std::move(store).error();
    parts.store = std::move(*store);
    return success();
}

asio::awaitable<Result<void>> open_spill(Parts& parts) {
    queue::SpillSettings file;
    file.path = parts.config.state_dir + "/spill";
    spill::Spill::Parts given{parts.loop.get_executor(), parts.spill_thread.get_executor(), *parts.store, parts.clock,
                              std::move(file)};
    auto spill = co_await spill::Spill::open(std::move(given));
    if (!spill.ok()) co_return std::move(spill).error();
    parts.spill = std::move(*spill);
    co_return success();
}

Result<void> open_grants(Parts& parts) {
    auto vault = secrets_keys(parts.config.secrets_key_file, parts.random);
    if (!vault.ok()) return std::move(vault).error();
    auto file = sync::GrantFile::open(parts.config.state_dir + "/grants.db", std::move(*vault));
    if (!file.ok()) return std::move(file).error();
    auto transport = connectors::HttpTransport::create(parts.loop.get_executor(), parts.clock);
    if (!transport.ok()) return std::move(transport).error();
    parts.transport = std::move(*transport);
    parts.grants = std::make_unique<sync::GrantKeeper>(
        sync::GrantKeeper::Parts{parts.loop.get_executor(), parts.blocking.get_executor(), std::move(*file),
                                 *parts.transport, parts.clock, parts.random, parts.file_random});
    for (const auto& [name, provider] : parts.config.providers) parts.grants->add_app(provider.app);
    return success();
}

void log_request(const api::RequestLog& request) {
    log_info("request", {{"method", request.method},
                         {"route", request.route},
                         {"status", request.status},
                         {"dur_ms", request.duration},
                         {"request_id", request.request_id},
                         {"principal", request.principal}});
}

Error starting() {
    Error error{ErrorKind::unavailable, "starting", "the service is starting"};
    error.retry_after = std::chrono::seconds(1);
    return error;
}

asio::awaitable<http::Reply> answer(Parts& parts, HttpRequest request) {
    const bool probe = request.path() == "/healthz" || request.path() == "/readyz";
    if (!parts.started && !probe) co_return http::problem(starting());
    co_return co_await parts.handler(std::move(request));
}

/// A heartbeat is in the store: the file beside it follows.
asio::awaitable<void> note_beat(Parts& parts, std::int64_t count) {
    auto write = [dir = parts.config.state_dir, generation = parts.generation, count] {
        return note_generation(dir, generation, count);
    };
    const auto noted = co_await run_on(parts.blocking.get_executor(), std::move(write));
    if (!noted.ok()) log_warn("generation_not_noted", {{"detail", noted.error().detail}});
}

/// Binds the port before any lane starts: a port that is taken must be known while nothing has happened yet.
Result<void> open_api(Parts& parts, const std::string& generation) {
    auto key = admin_key(parts.config.admin_key_file, parts.random);
    if (!key.ok()) return std::move(key).error();
    std::map<std::string, const Provider*, std::less<>> providers;
    for (const auto& [name, app] : parts.service->apps()) providers.emplace(name, app.provider.get());
    api::Settings settings{sha256_hex(key->reveal()), parts.config.public_url, generation, parts.config.backup_dir};
    parts.replayer = std::make_unique<api::Replayer>(parts.loop.get_executor(), *parts.store, parts.clock);
    parts.api = std::make_unique<api::ApiContext>(api::ApiContext{
        *parts.store, *parts.service, std::move(providers), parts.clock, parts.random, std::move(settings),
        [&parts] { return parts.started ? success() : Result<void>(starting()); }, log_request, parts.relay.relay.get(),
        parts.replayer.get(), parts.spill.get(), parts.webhooks.sender.get()});
    parts.handler = api::make_handler(*parts.api);
    http::ServerLimits limits;
    limits.body_part_bytes = 256u << 10;  // the memory of a bulk submission does not grow with it
    auto server = http::listen(
        parts.loop.get_executor(), parts.config.address, parts.config.port,
        [&parts](HttpRequest request) { return answer(parts, std::move(request)); }, parts.clock, limits);
    if (!server.ok()) return std::move(server).error();
    parts.server = std::move(*server);
    return success();
}

Result<void> open_webhooks(Parts& parts) {
    auto vault = secrets_keys(parts.config.secrets_key_file, parts.random);
    if (!vault.ok()) return std::move(vault).error();
    auto made = make_webhooks(parts.loop.get_executor(), *parts.store, *std::move(vault), parts.clock, parts.random,
                              parts.config.webhooks_allow);
    if (!made.ok()) return std::move(made).error();
    parts.webhooks = *std::move(made);
    return success();
}

Result<void> build(Parts& parts) {
    auto store = open_store(parts);
    if (!store.ok()) return store;
    auto grants = open_grants(parts);
    if (!grants.ok()) return grants;
    auto webhooks = open_webhooks(parts);
    if (!webhooks.ok()) return webhooks;
    if (parts.config.relay) {
        auto relay = make_relay(*parts.config.relay, parts.loop.get_executor(), parts.relay_blocking.get_executor(),
                                *parts.store, parts.clock, [&parts] { return parts.spill && !parts.spill->empty(); });
        if (!relay.ok()) return std::move(relay).error();
        parts.relay = *std::move(relay);
    }
    parts.service = std::make_unique<sync::Service>(sync::Service::Parts{
        parts.loop.get_executor(), *parts.store, *parts.transport, *parts.grants, parts.clock, parts.random,
        make_apps(parts.config), [&parts](std::int64_t count) { return note_beat(parts, count); },
        [&parts](const store::ConnectionRow& row) {
            if (parts.spill) parts.spill->directory().put({row.id, row.partner, row.state, row.posting});
        }});
    return success();
}

asio::awaitable<int> serve(Parts& parts) {
    auto generation =
        co_await check_generation(*parts.store, parts.config.state_dir, parts.clock.wall_now(), parts.random);
    if (!generation.ok()) co_return refuse(generation.error());
    parts.generation = *generation;
    auto spill = co_await open_spill(parts);
    if (!spill.ok()) co_return refuse(spill.error());
    auto loaded = co_await parts.grants->load();
    if (!loaded.ok()) co_return refuse(loaded.error());
    auto sealed = co_await parts.webhooks.sender->load();
    if (!sealed.ok()) co_return refuse(sealed.error());
    if (parts.relay.relay) {
        auto stands = co_await parts.relay.relay->load();
        if (!stands.ok()) co_return refuse(stands.error());
    }
    auto opened = open_api(parts, *generation);
    if (!opened.ok()) co_return refuse(opened.error());
    auto started = co_await parts.service->start();
    if (!started.ok()) co_return refuse(started.error());

    parts.started = true;

    Signal stop(parts.loop.get_executor());
    asio::signal_set signals(parts.loop, SIGTERM, SIGINT);
    bool store_failed = false;
    Nightly nightly({*parts.store, parts.clock, parts.blocking.get_executor(), parts.config.nightly,
                     parts.config.retention, parts.config.backup_dir});
    TaskGroup tasks(parts.loop.get_executor(), "daemon");
    auto watch_store = [](Parts& all, Signal& ended, bool& failed) -> asio::awaitable<void> {
        co_await all.store->run();
        const bool asked = co_await stop_requested();
        failed = !asked;
        ended.notify();
    };
    tasks.spawn(watch_store(parts, stop, store_failed), "store");
    tasks.spawn(parts.spill->run(), "spill");
    tasks.spawn(check_after_start(*parts.store, parts.clock), "storage_care");
    tasks.spawn(nightly.run(), "nightly");
    tasks.spawn(parts.replayer->run(), "replays");
    tasks.spawn(parts.webhooks.sender->run(), "webhooks");
    tasks.spawn(await_signals(signals, stop), "signals");
    TaskGroup relaying(parts.loop.get_executor(), "relay");
    if (parts.relay.relay) relaying.spawn(parts.relay.relay->run(), "relay");
    std::printf("{\"event\":\"ready\",\"port\":%u}\n", static_cast<unsigned>(parts.server->port()));
    std::fflush(stdout);
    log_info("ready", {{"port", parts.server->port()}, {"state_dir", parts.config.state_dir}});

    co_await stop.wait();
    parts.store->end_care();
    co_await relaying.stop(parts.clock, kRelayGrace);
    co_await parts.server->stop(kServerGrace);
    co_await parts.service->stop(kLaneGrace);
    co_await tasks.stop(parts.clock, Millis{200});
    co_await parts.webhooks.sender->stop(kWebhookGrace);
    co_await parts.spill->stop();
    co_await parts.store->close();
    if (store_failed) log_error("store_failed");
    log_info("stopped");
    co_return store_failed ? 1 : 0;
}

}  // namespace

int run(const Config& config) {
    set_log_level(config.log_level);
    auto prepared = prepare_folders(config);
    if (!prepared.ok()) return refuse(prepared.error());
    asio::io_context loop(1);
    Parts parts{loop, config};
    auto built = build(parts);
    if (!built.ok()) return refuse(built.error());
    int code = 2;
    asio::co_spawn(loop, serve(parts), [&](std::exception_ptr failure, int result) {
        code = result;
        loop.stop();
        if (failure) std::rethrow_exception(failure);
    });
    loop.run();
    parts.blocking.join();
    parts.spill_thread.join();
    parts.relay_blocking.join();
    return code;
}

}  // namespace spillway::daemon
