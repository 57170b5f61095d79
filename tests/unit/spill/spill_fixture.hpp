#pragma once
// A store and a spill file on one disk in memory, on virtual time; the store's writer can be made to stand still, the
// process killed, the power cut.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "services/spill/spill.hpp"
#include "services/store/events.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/run.hpp"

namespace spillway::test {

inline constexpr const char* kSpillPath = "/state/spill";

/// One life of a process. Destroying it is what a crash leaves behind.
class Life {
 public:
    explicit Life(FaultVfs& disk, std::int64_t spill_bytes = 1 << 20);
    ~Life();

    /// Whether store and spill file could be opened.
    [[nodiscard]] bool open();
    [[nodiscard]] const Error& failure() const { return failure_; }

    template <class T>
    T finish(boost::asio::awaitable<T> work) {
        auto pending = start(io, std::move(work));
        clock->run_for(Millis{0});
        return pending.take();
    }
    template <class T>
    T read(std::function<T(store::Connection&)> fn) {
        auto result = finish(store->read<T>([fn](store::Connection& connection) { return Result<T>(fn(connection)); }));
        if (!result.ok()) throw std::runtime_error(result.error().detail);
        return *result;
    }
    Result<void> commit(queue::Work work);
    /// Takes it in as the daemon does when nothing is wrong.
    Result<store::Accepted> accept(const spill::Entry& entry);
    Result<void> take(std::vector<spill::Entry> entries) { return finish(spill->take(std::move(entries))); }
    /// A commit waits for a writer that stands still, until the spill file says that the store is out of reach.
    [[nodiscard]] bool stand_still();
    /// Goes on, and lets the merge run for a while.
    void go_on(Millis span = Millis{2'000});
    /// Versions of a contact of con_a, by name, oldest first; a void is "-".
    std::vector<std::string> names(const std::string& external_id);
    std::vector<std::string> event_types();

    boost::asio::io_context io{1};
    Gate gate{io};
    std::unique_ptr<SimClock> clock;
    std::unique_ptr<queue::sqlite::SqliteStore> store;
    std::unique_ptr<spill::Spill> spill;
    TaskGroup tasks;

 private:
    FaultVfs& disk_;
    std::int64_t spill_bytes_;
    Error failure_;
};

/// Two partners with a connection each, con_a and con_b.
void seed(Life& life);

spill::Entry a_put(const std::string& external_id, const std::string& name, const std::string& key = "");
spill::Entry a_void(const std::string& external_id);

}  // namespace spillway::test
