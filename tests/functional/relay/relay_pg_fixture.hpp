#pragma once
// A relay between a real PostgreSQL and a real store; time is virtual, sockets are real.

#include <boost/asio/thread_pool.hpp>

#include "services/relay/postgres/postgres_db.hpp"
#include "services/relay/relay.hpp"
#include "tests/functional/relay/pg_server.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {

struct RelayPgTest : BooksTest {
    ~RelayPgTest() override;

    /// The contract as it is shipped, in this server.
    static void install(const PgServer& server, const std::string& file = "postgres.sql");
    /// A relay that reads from this server, from where the store says that it stands.
    void read_from(const PgServer& server, bool tcp = false);
    Millis step();
    /// Steps until nothing is left to read.
    void drain();
    /// Lets virtual time pass so that the next step is in another session.
    void next_session();
    /// A row of a contact. @return the statement
    static std::string insert(const std::string& external_id, const std::string& name = "Acme");
    std::vector<std::string> versions_of(const std::string& external_id);
    std::int64_t records();
    relay::Status status() { return relay->status(); }
    std::vector<relay::Refusal> refusals();

    boost::asio::thread_pool blocking{1};
    relay::Limits limits;
    std::unique_ptr<relay::PaymentDb> db;
    std::unique_ptr<relay::Relay> relay;
};

}  // namespace spillway::test
