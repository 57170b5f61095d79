#include "tests/functional/relay/relay_pg_fixture.hpp"

#include "schema/json_value.hpp"

namespace spillway::test {

RelayPgTest::~RelayPgTest() {
    relay.reset();
    db.reset();
    blocking.join();
}

void RelayPgTest::install(const PgServer& server, const std::string& file) {
    server.run_file(SPILLWAY_SOURCE_DIR "/deploy/outbox/" + file);
    server.run_file(SPILLWAY_SOURCE_DIR "/deploy/outbox/postgres-role.sql");
}

void RelayPgTest::read_from(const PgServer& server, bool tcp) {
    relay.reset();
    relay::PgSettings settings;
    settings.conninfo = server.conninfo(tcp);
    // On a machine that is busy with other tests an ordinary statement may take long.
    settings.statement_limit = Millis{2'000};
    auto made = relay::make_postgres_db(io.get_executor(), blocking.get_executor(), *clock, settings);
    if (!made.ok()) throw std::runtime_error(made.error().detail);
    db = *std::move(made);
    relay::Relay::Parts parts{io.get_executor(), *db, *store, *clock, limits};
    relay = std::make_unique<relay::Relay>(std::move(parts));
    auto loaded = finish(relay->load());
    if (!loaded.ok()) throw std::runtime_error(loaded.error().detail);
}

Millis RelayPgTest::step() { return run(io, *clock, relay->step()); }

void RelayPgTest::drain() {
    for (int i = 0; i < 10'000; ++i) {
        step();
        if (relay->status().state != "reading") return;
    }
    throw std::runtime_error("the relay never comes to an end");
}

void RelayPgTest::next_session() { clock->run_for(Millis{5'000}); }

std::string RelayPgTest::insert(const std::string& external_id, const std::string& name) {
    return "INSERT INTO spillway_outbox (connection, kind, external_id, body) VALUES ('con_a', 'contact', '" +
           external_id + "', '" + a_contact(name) + "')";
}

std::vector<std::string> RelayPgTest::versions_of(const std::string& external_id) {
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

std::int64_t RelayPgTest::records() {
    return *read<std::optional<std::int64_t>>([](store::Connection& connection) {
        return store::first_row(store::query(connection, "SELECT count(*) FROM records"),
                                [](SQLite::Statement& row) { return store::integer(row, 0); });
    });
}

std::vector<relay::Refusal> RelayPgTest::refusals() {
    return read<std::vector<relay::Refusal>>(
        [](store::Connection& connection) { return relay::list_refusals(connection, 0, 100); });
}

}  // namespace spillway::test
