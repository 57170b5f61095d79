// spillwayd: the service.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>

#include "services/spillwayd/daemon.hpp"

int main(int argc, char** argv) {
    CLI::App app("Spillway: carries accounting records into Xero and QuickBooks Online through a durable local queue.",
                 "spillwayd");
    std::string config_path;
    bool check_only = false;
    app.set_version_flag("--version", SPILLWAY_VERSION);
    app.add_option("--config", config_path, "the configuration, a JSON file")->required();
    app.add_flag("--check", check_only, "only check the configuration");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return problem.get_exit_code() == 0 ? app.exit(problem)
                                            : (std::fprintf(stderr, "spillwayd: %s\n", problem.what()), 2);
    }
    const auto environment = [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    };
    const auto config = spillway::daemon::read_config(config_path, environment);
    if (!config.ok()) {
        std::fprintf(stderr, "spillwayd: %s\n", config.error().detail.c_str());
        return 2;
    }
    if (check_only) return 0;
    return spillway::daemon::run(*config);
}
