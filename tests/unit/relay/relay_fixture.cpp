#include "tests/unit/relay/relay_fixture.hpp"

#include "schema/json_value.hpp"

namespace spillway::test {

RelayTest::RelayTest() { restart(); }

void RelayTest::restart() {
    relay.reset();
    relay::Relay::Parts parts{io.get_executor(), payments, *store, *clock, limits};
    relay = std::make_unique<relay::Relay>(std::move(parts));
    auto loaded = finish(relay->load());
    if (!loaded.ok()) throw std::runtime_error(loaded.error().detail);
}

void RelayTest::drain() {
    for (int i = 0; i < 10'000; ++i) {
        step();
        if (relay->status().state != "reading") return;
    }
    throw std::runtime_error("the relay never comes to an end");
}

std::vector<std::string> RelayTest::versions_of(const std::string& external_id) {
    return read<std::vector<std::string>>([external_id](store::Connection& connection) {
        return store::rows(store::query(connection,
                                        "SELECT v.body FROM versions v JOIN records r ON r.id = v.record_id"
                                        " WHERE r.external_id = ?1 ORDER BY v.version",
                                        external_id),
                           [](SQLite::Statement& row) {
                               const auto body = parse_json(store::text(row, 0));
                               return (*body)["name"].string_or("?");
                           });
    });
}

std::int64_t RelayTest::records() {
    return *read<std::optional<std::int64_t>>([](store::Connection& connection) {
        return store::first_row(store::query(connection, "SELECT count(*) FROM records"),
                                [](SQLite::Statement& row) { return store::integer(row, 0); });
    });
}

std::vector<relay::Refusal> RelayTest::refusals() {
    return read<std::vector<relay::Refusal>>(
        [](store::Connection& connection) { return relay::list_refusals(connection, 0, 100); });
}

}  // namespace spillway::test
