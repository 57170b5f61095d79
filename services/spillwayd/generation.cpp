#include "services/spillwayd/generation.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "schema/runtime/log.hpp"
#include "services/store/doubt.hpp"
#include "services/store/events.hpp"

namespace spillway::daemon {
namespace {

struct Known {
    std::string generation;
    std::int64_t beats = 0;
};

std::string path_in(const std::string& state_dir) { return state_dir + "/generation"; }

Known read_beside(const std::string& state_dir) {
    Known known;
    std::ifstream(path_in(state_dir)) >> known.generation >> known.beats;
    return known;
}

/// Why the store is not the one that ran here last; empty when it is. The file is written after the store, so a store
/// that knows of fewer heartbeats is an older one.
std::string replaced(const Known& stored, const Known& beside) {
    if (stored.generation.empty() && beside.generation.empty()) return {};
    if (stored.generation != beside.generation) return "the database is not the one that ran here last";
    if (stored.beats < beside.beats) return "the database is older than when it ran here last";
    return {};
}

}  // namespace

Result<void> note_generation(const std::string& state_dir, const std::string& generation, std::int64_t beats) {
    const auto path = path_in(state_dir);
    const auto draft = path + ".new";
    const auto content = generation + " " + std::to_string(beats) + "\n";
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = file >= 0;
    written = written && ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    written = written && ::fsync(file) == 0;
    if (file >= 0) ::close(file);
    written = written && std::rename(draft.c_str(), path.c_str()) == 0;
    if (!written) return invalid("state_dir", "cannot write " + path);
    return success();
}

boost::asio::awaitable<Result<std::string>> check_generation(queue::sqlite::SqliteStore& store, std::string state_dir,
                                                             WallTime now, Random& random) {
    std::function<Result<Known>(queue::sqlite::Connection&)> read =
        [](queue::sqlite::Connection& connection) -> Result<Known> {
        const auto beat = store::heartbeat(connection);
        return Known{store::generation(connection), beat ? beat->count : 0};
    };
    auto stored = co_await store.read(std::move(read));
    if (!stored.ok()) co_return std::move(stored).error();
    const auto why = replaced(*stored, read_beside(state_dir));
    if (why.empty() && !stored->generation.empty()) co_return stored->generation;
    if (!why.empty())
        log_error("store_replaced", {{"detail", why + ": restored or copied. What waits, and what is submitted in the "
                                                      "next days, is looked up in the books before it is created"}});
    auto fresh = random.hex128();
    // In one transaction: a crash right after must not forget the doubt.
    queue::Work write = [fresh, now, doubt = !why.empty()](queue::Transaction& transaction) -> Result<void> {
        auto& connection = queue::sqlite::connection_of(transaction);
        store::set_generation(connection, fresh);
        if (doubt) store::raise_doubt(connection, "store_replaced", now, /*resubmissions=*/true);
        return success();
    };
    const auto written = co_await store.commit(queue::CommandClass::settle, std::move(write));
    if (!written.ok()) co_return written.error();
    const auto noted = note_generation(state_dir, fresh, stored->beats);
    if (!noted.ok()) co_return noted.error();
    co_return fresh;
}

}  // namespace spillway::daemon
