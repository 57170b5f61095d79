#pragma once
// A relay between a payment database in memory and a real store, on virtual time.

#include "services/relay/relay.hpp"
#include "tests/unit/relay/fake_payments.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {

struct RelayTest : BooksTest {
    RelayTest();

    /// A process that starts: the relay anew, from what is durable.
    void restart();
    Millis step() { return finish(relay->step()); }
    /// Steps until nothing is left to read.
    void drain();
    /// The bodies' names that were accepted for a record of `con_a`, in order.
    std::vector<std::string> versions_of(const std::string& external_id);
    std::int64_t records();
    relay::Status status() { return relay->status(); }
    std::vector<relay::Refusal> refusals();

    FakePayments payments;
    relay::Limits limits;
    std::unique_ptr<relay::Relay> relay;
};

}  // namespace spillway::test
