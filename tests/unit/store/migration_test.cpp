// A store of an older version keeps what it holds.

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>

#include "migrations.hpp"
#include "services/store/connections.hpp"
#include "services/store/records.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

struct Migration : BooksTest {};

TEST_F(Migration, VersionsAndTheirSequenceSurviveTheNewTables) {
    queue::sqlite::Settings settings;
    settings.path = (folder / "old.db").string();
    settings.on_loop = true;
    settings.free_bytes = [] { return std::int64_t{1} << 40; };
    {
        SQLite::Database database(settings.path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
        for (const auto& [name, sql] : embedded::migrations)
            if (name < "0005") database.exec(std::string(sql));
        database.exec("PRAGMA user_version = 4");
        database.exec("INSERT INTO partners VALUES ('par_a', 'A', 'active', 1)");
        database.exec(
            "INSERT INTO connections (id, partner_id, provider, state, tenant_id, grant_id, books, accepted_seq, "
            "created_ms, changed_ms) VALUES ('con_a', 'par_a', 'xero', 'active', 't', 'g', '{}', 7, 1, 2)");
        database.exec(
            "INSERT INTO records (id, connection_id, kind, external_id, version) VALUES (3, 'con_a', 'contact', 'C', "
            "2)");
        database.exec(
            "INSERT INTO versions VALUES (3, 2, 'h2', 'b2', 0, 11, 'key:x', 7), (3, 1, 'h1', 'b1', 1, 10, 'key:x', 6)");
    }
    settings.migrations = embedded::migrations;
    auto opened = queue::sqlite::SqliteStore::open(io.get_executor(), *clock, settings);
    ASSERT_TRUE(opened.ok()) << opened.error().detail;
    using Found = std::tuple<std::int64_t, std::string, std::string, std::string>;
    auto found = finish((*opened)->read<Found>([](store::Connection& connection) {
        const auto owner = store::get_connection(connection, ConnectionId("con_a"));
        const auto latest = store::get_version(connection, 3);
        const auto first = store::get_version(connection, 3, 1);
        return Result<Found>(Found(owner->accepted_seq, owner->books, latest->body, first->hash));
    }));
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(*found, Found(7, "{}", "b2", "h1"));
}

}  // namespace
}  // namespace spillway::test
