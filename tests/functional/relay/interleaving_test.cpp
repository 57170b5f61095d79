// Random transactions on a real PostgreSQL, while the relay reads: every committed row once, each record in order.

#include "schema/random.hpp"
#include "tests/functional/relay/relay_pg_fixture.hpp"

namespace spillway::test {
namespace {

struct Writer {
    explicit Writer(PgClient given) : client(std::move(given)) {}
    PgClient client;
    bool open = false;
    std::map<std::string, std::vector<std::string>> written;  ///< by record, whose lock it holds
};

struct Crowd {
    Crowd(RelayPgTest& the_test, PgServer& server, std::uint64_t seed) : test(the_test), random(seed) {
        for (int i = 0; i < 6; ++i) writers.emplace_back(server.client());
    }
    Writer& pick() { return writers[random.below(writers.size())]; }

    void write(Writer& writer) {
        const std::string record = "C" + std::to_string(random.below(10));
        for (const Writer& other : writers)
            if (&other != &writer && other.written.contains(record)) return;
        if (!writer.open) writer.client.run("BEGIN");
        writer.open = true;
        const std::string name = "v" + std::to_string(++names);
        const bool regrets = random.below(6) == 0;
        if (regrets) writer.client.run("SAVEPOINT s");
        writer.client.run(RelayPgTest::insert(record, name));
        writer.written[record];  // the lock stays, even when the change is taken back
        if (regrets)
            writer.client.run("ROLLBACK TO s");
        else
            writer.written[record].push_back(name);
    }
    void end(Writer& writer) {
        if (!writer.open) return;
        const bool commits = random.below(4) != 0;
        if (commits && random.below(5) == 0) {
            const std::string name = "'p" + std::to_string(++names) + "'";
            writer.client.run("PREPARE TRANSACTION " + name);
            test.step();
            writer.client.run("COMMIT PREPARED " + name);
        } else {
            writer.client.run(commits ? "COMMIT" : "ROLLBACK");
        }
        if (commits)
            for (auto& [record, all] : writer.written)
                expected[record].insert(expected[record].end(), all.begin(), all.end());
        writer.written.clear();
        writer.open = false;
    }

    RelayPgTest& test;
    SeededRandom random;
    std::vector<Writer> writers;
    std::map<std::string, std::vector<std::string>> expected;
    int names = 0;
};

struct OnPostgresql : RelayPgTest {};

TEST_F(OnPostgresql, EveryCommittedRowIsTakenInOnceAndInOrder) {
    PgServer server;
    install(server);
    limits.rows_max = 3;
    limits.walk.keys_per_statement = 4;
    limits.walk.ids_kept = 5;
    read_from(server);
    Crowd crowd(*this, server, 7);
    for (int i = 0; i < 1'500; ++i) {
        const auto dice = crowd.random.below(100);
        if (dice < 45)
            crowd.write(crowd.pick());
        else if (dice < 60)
            crowd.end(crowd.pick());
        else if (dice < 62)
            next_session();
        else if (dice < 64)
            read_from(server);  // the process died; it starts anew from what is durable
        else
            step();
    }
    for (Writer& writer : crowd.writers) crowd.end(writer);
    drain();
    next_session();
    drain();
    EXPECT_GT(crowd.names, 300);
    for (const auto& [record, names] : crowd.expected) EXPECT_EQ(versions_of(record), names) << record;
    EXPECT_EQ(status().counts.gone, 0);
    EXPECT_TRUE(refusals().empty());
    EXPECT_FALSE(status().alarm);
}

}  // namespace
}  // namespace spillway::test
