#include "services/spillwayd/generation.hpp"

#include <fstream>

#include "schema/runtime/log.hpp"
#include "services/store/events.hpp"

namespace spillway::daemon {

boost::asio::awaitable<Result<std::string>> check_generation(queue::sqlite::SqliteStore& store, std::string state_dir,
                                                             Random& random) {
    std::function<Result<std::string>(queue::sqlite::Connection&)> read =
        [](queue::sqlite::Connection& connection) -> Result<std::string> { return store::generation(connection); };
    auto stored = co_await store.read(std::move(read));
    if (!stored.ok()) co_return stored;
    const auto path = state_dir + "/generation";
    std::string beside;
    std::ifstream(path) >> beside;
    if (!stored->empty() && *stored == beside) co_return stored;
    if (!beside.empty())
        log_error("store_replaced",
                  {{"detail", "the database is not the one that ran here last: restored from a backup or copied"}});
    auto fresh = random.hex128();
    queue::Work write = [fresh](queue::Transaction& transaction) -> Result<void> {
        store::set_generation(queue::sqlite::connection_of(transaction), fresh);
        return success();
    };
    const auto written = co_await store.commit(queue::CommandClass::settle, std::move(write));
    if (!written.ok()) co_return written.error();
    std::ofstream file(path, std::ios::trunc);
    file << fresh << '\n';
    file.close();
    if (!file) co_return invalid("state_dir", "cannot write " + path);
    co_return fresh;
}

}  // namespace spillway::daemon
