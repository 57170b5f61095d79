#pragma once
// A real store in a folder of its own on virtual time, with two partners that have one connection each.

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>

#include "queue/sqlite/sqlite_store.hpp"
#include "services/store/intake.hpp"
#include "services/store/partners.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/run.hpp"

namespace spillway::test {

/// Where the store works: on the loop, in an order that never changes, or on a thread of its own as the daemon has it.
enum class Storage { on_loop, thread };

struct BooksTest : ::testing::Test {
    explicit BooksTest(Storage storage = Storage::on_loop);
    ~BooksTest() override;

    /// Runs `work` to its end in virtual time; it may take no time.
    template <class T>
    T finish(boost::asio::awaitable<T> work) {
        auto pending = start(io, std::move(work));
        if (storage == Storage::thread)
            clock->turn_until([&] { return pending.ended(); });
        else
            clock->run_for(Millis{0});
        return pending.take();
    }
    Result<void> commit(queue::Work work);
    template <class T>
    Result<T> commit_value(std::function<Result<T>(queue::Transaction&)> work) {
        return finish(store->commit_value<T>(queue::CommandClass::intake, std::move(work)));
    }
    /// Reads rows; the read itself must not fail.
    template <class T>
    T read(std::function<T(store::Connection&)> fn) {
        auto result = finish(store->read<T>([fn](store::Connection& connection) { return Result<T>(fn(connection)); }));
        EXPECT_TRUE(result.ok()) << result.error().code;
        return *result;
    }

    /// Accepts `json` as a record of `con_a`, unless told otherwise.
    Result<store::Accepted> accept(RecordKind kind, const std::string& external_id, const std::string& json,
                                   const std::string& connection = "con_a");
    Result<store::Accepted> accept_void(RecordKind kind, const std::string& external_id);
    /// The job goes through: its record's version is in the books and frees who waits for it.
    void apply(const store::Accepted& accepted);
    void park(queue::JobId id);
    /// Claims just this job; it must be claimable.
    queue::Claim claim(queue::JobId id);
    void begin_effect(const queue::Claim& claim);
    void settle(const queue::Claim& claim, const queue::Settlement& settlement);
    /// What a sync does: every version accepted so far may be sent.
    void release_posting(const std::string& lane = "con_a");
    queue::Job job(queue::JobId id);
    /// What the job waits for, as "key@level" with commas, in order of keys.
    std::string waits_of(const store::Accepted& accepted);
    void set_posting(const std::string& posting);

    Storage storage;
    std::filesystem::path folder;
    boost::asio::io_context io{1};
    Gate gate{io};  ///< closed, the store stands still (on the loop only)
    std::unique_ptr<SimClock> clock;
    std::atomic<std::int64_t> free_bytes{std::int64_t{1} << 40};  ///< what the disk has left
    std::unique_ptr<queue::sqlite::SqliteStore> store;
};

std::string a_contact(const std::string& name = "Acme");
std::string an_item(const std::string& code = "SKU");
/// One line of 10.00 for `contact` and, where given, of `item`.
std::string an_invoice(const std::string& number, const std::string& contact = "C1", const std::string& extra = "");
std::string a_payment(const std::string& invoice);

}  // namespace spillway::test
