// A payment database that is a SQLite file, with the contract as it is shipped.

#include "services/relay/sqlite/sqlite_db.hpp"

#include <SQLiteCpp/Database.h>

#include <fstream>
#include <sstream>

#include "tests/unit/relay/relay_fixture.hpp"

namespace spillway::test {
namespace {

struct SqliteFile : RelayTest {
    SqliteFile() : path((folder / "payments.db").string()) {
        make();
        db = relay::make_sqlite_db(io.get_executor(), path);
        relay.reset();
        relay::Relay::Parts parts{io.get_executor(), *db, *store, *clock, limits};
        relay = std::make_unique<relay::Relay>(std::move(parts));
        if (!finish(relay->load()).ok()) throw std::runtime_error("no relay");
    }
    ~SqliteFile() override { relay.reset(); }
    void make() {
        std::ifstream file(SPILLWAY_SOURCE_DIR "/deploy/outbox/sqlite.sql");
        std::ostringstream text;
        text << file.rdbuf();
        sql(text.str());
    }
    void sql(const std::string& text) {
        SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        database.exec(text);
    }
    void put(const std::string& id, const std::string& name = "Acme") {
        sql("INSERT INTO spillway_outbox (connection, kind, external_id, body) VALUES ('con_a', 'contact', '" + id +
            "', '" + a_contact(name) + "')");
    }

    std::string path;
    std::unique_ptr<relay::PaymentDb> db;
};

TEST_F(SqliteFile, RowsBecomeRecords) {
    put("C1", "Ada");
    put("C2");
    put("C1", "Ada L");
    sql("INSERT INTO spillway_outbox (connection, kind, external_id, operation) VALUES ('con_a', 'contact', 'C2', "
        "'void')");
    drain();
    EXPECT_EQ(versions_of("C1"), (std::vector<std::string>{"Ada", "Ada L"}));
    EXPECT_EQ(status().counts.accepted, 4);
    sql("DELETE FROM spillway_outbox");
    put("C3");
    drain();
    EXPECT_EQ(records(), 3);
}

TEST_F(SqliteFile, ALockedOrMissingFileIsWaitedForAndNeverMade) {
    put("C1");
    {
        SQLite::Database writer(path, SQLite::OPEN_READWRITE);
        writer.exec("BEGIN EXCLUSIVE");
        step();
        EXPECT_EQ(status().waits_for, "lock_timeout");
    }
    drain();
    EXPECT_EQ(records(), 1);
    std::filesystem::remove(path);
    clock->run_for(Millis{5'000});
    step();
    EXPECT_EQ(status().waits_for, "payment_db_down");
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SqliteFile, AFileThatWasPutBackIsReadAgainAndAnotherIsNot) {
    put("C1");
    drain();
    const std::string kept = path + ".kept";
    std::filesystem::copy_file(path, kept);
    put("C2");
    drain();
    std::filesystem::copy_file(kept, path, std::filesystem::copy_options::overwrite_existing);
    put("C3");
    clock->run_for(Millis{5'000});
    drain();
    EXPECT_EQ(records(), 3);
    EXPECT_EQ(status().alarm.value_or(relay::Alarm{}).code, "payment_db_rewound");
    std::filesystem::remove(path);
    make();
    put("C4");
    clock->run_for(Millis{5'000});
    for (int i = 0; i < 3; ++i) step();
    EXPECT_EQ(records(), 3);
    EXPECT_EQ(status().state, "stopped");
}

TEST_F(SqliteFile, AFileWithoutTheContractSaysSo) {
    put("C1");
    sql("ALTER TABLE spillway_outbox RENAME COLUMN external_id TO record_id");
    step();
    EXPECT_EQ(status().waits_for, "outbox_schema");
}

}  // namespace
}  // namespace spillway::test
