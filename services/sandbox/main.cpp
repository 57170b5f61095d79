// spillway-sandbox: a Xero and a QuickBooks Online to develop and test against. See README.md of this folder.

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "schema/runtime/real_clock.hpp"
#include "services/sandbox/core.hpp"
#include "services/sandbox/xero/xero_model.hpp"
#ifdef SPILLWAY_SANDBOX_QBO
#include "services/sandbox/qbo/qbo_model.hpp"
#endif

namespace {

using namespace spillway;

constexpr int kBadStart = 2;
constexpr Millis kStopGrace{1'000};

struct Options {
    std::uint16_t port = 0;
    std::string address = "127.0.0.1";
    std::uint64_t seed = 1;
    std::string faults;
};

/// The one line of a start that fails.
int refuse_start(const std::string& why) {
    std::fprintf(stderr, "spillway-sandbox: %s\n", why.c_str());
    return kBadStart;
}

std::string load_faults(sandbox::Core& core, const std::string& path) {
    if (path.empty()) return {};
    std::ifstream file(path);
    if (!file) return "cannot read the faults file " + path;
    std::ostringstream text;
    text << file.rdbuf();
    const std::string problem = core.load_faults(text.str());
    return problem.empty() ? "" : path + ": " + problem;
}

boost::asio::awaitable<http::Reply> serve(sandbox::Core* core, HttpRequest request) {
    auto serving = core->serve(std::move(request));
    co_return co_await std::move(serving);
}

boost::asio::awaitable<void> stop(http::Server* server, boost::asio::io_context* io) {
    auto stopping = server->stop(kStopGrace);
    co_await std::move(stopping);
    io->stop();
}

int run(const Options& options) {
    RealClock clock;
    sandbox::Core core(clock, options.seed);
    core.add(sandbox::make_xero_model(options.seed));
#ifdef SPILLWAY_SANDBOX_QBO
    core.add(sandbox::make_qbo_model(options.seed));
#endif
    const std::string problem = load_faults(core, options.faults);
    if (!problem.empty()) return refuse_start(problem);

    boost::asio::io_context io(1);
    auto server = http::listen(io.get_executor(), options.address, options.port,
                               [&core](HttpRequest request) { return serve(&core, std::move(request)); }, clock, {});
    if (!server) return refuse_start(server.error().detail.empty() ? server.error().code : server.error().detail);

    boost::asio::signal_set signals(io, SIGTERM, SIGINT);
    signals.async_wait([&](const boost::system::error_code& code, int) {
        if (!code) boost::asio::co_spawn(io, stop(server->get(), &io), boost::asio::detached);
    });
    std::printf("{\"event\":\"sandbox_ready\",\"port\":%u}\n", static_cast<unsigned>((*server)->port()));
    std::fflush(stdout);
    io.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app("A stand-in for Xero and QuickBooks Online");
    app.add_option("--port", options.port, "port to listen on; 0 finds a free one")->capture_default_str();
    app.add_option("--address", options.address, "address to listen on")->capture_default_str();
    app.add_option("--seed", options.seed, "of ids, tokens and faults")->capture_default_str();
    app.add_option("--faults", options.faults, "JSON file of fault rules");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? app.exit(error) : refuse_start(error.what());
    }
    return run(options);
}
