#include "queue/sqlite/repair.hpp"

#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "queue/sqlite/care.hpp"
#include "queue/sqlite/lock_file.hpp"
#include "queue/sqlite/salvage.hpp"
#include "queue/sqlite/statements.hpp"
#include "queue/sqlite/swap.hpp"

namespace spillway::queue::sqlite {

namespace {

namespace fs = std::filesystem;

Error beyond_repair(const std::string& path, const std::string& why) {
    return invalid("store_unreadable", "nothing can be read from " + path + " (" + why + "): restore a backup");
}

void remove_database(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path + suffix, ignored);
}

/// Removed when the repair is over, however it ends.
class Scratch {
 public:
    explicit Scratch(std::string path) : path_(std::move(path)) { remove_database(path_); }
    ~Scratch() { remove_database(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

 private:
    std::string path_;
};

/// The old files, log included, so that reading them changes nothing.
Result<void> copy_old(const std::string& path, const std::string& copy) {
    std::error_code failed;
    const auto size = fs::file_size(path, failed);
    if (failed) return invalid("store_unreadable", "there is no store at " + path);
    const auto space = fs::space(fs::absolute(path).parent_path(), failed);
    if (!failed && space.available < 3 * size)
        return Error{ErrorKind::unavailable, "storage_full",
                     "a repair needs " + std::to_string((3 * size) >> 20) + " MiB of free disk"};
    fs::copy_file(path, copy, failed);
    if (!failed && fs::exists(path + "-wal")) fs::copy_file(path + "-wal", copy + "-wal", failed);
    if (failed) return invalid("store_unreadable", "cannot copy " + path + ": " + failed.message());
    return success();
}

struct Old {
    int version = 0;
    std::vector<std::string> problems;
};

Result<Old> look_at(const std::string& copy, const std::string& path) {
    try {
        Connection connection(SQLite::Database(copy, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX));
        Old old;
        old.version = connection.database().execAndGet("PRAGMA user_version").getInt();
        try {
            old.problems = integrity_problems(connection, "PRAGMA integrity_check");
        } catch (const SQLite::Exception& exception) {
            old.problems.emplace_back(exception.what());
        }
        return old;
    } catch (const SQLite::Exception& exception) {
        return beyond_repair(path, exception.what());
    }
}

/// Ids go on behind those that were given out, also of tables that are empty now.
void raise_ids(SQLite::Database& old, SQLite::Database& database) {
    for (const std::string& table :
         column_of(database,
                   "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN "
                   "(SELECT name FROM sqlite_sequence)")) {
        SQLite::Statement begin(database, "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, 0)");
        begin.bind(1, table);
        begin.exec();
    }
    try {
        SQLite::Statement given(old, "SELECT name, seq FROM sqlite_sequence");
        SQLite::Statement raise(database, "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1");
        while (given.executeStep()) {
            raise.bind(1, given.getColumn(0).getString());
            raise.bind(2, given.getColumn(1).getInt64());
            raise.exec();
            raise.reset();
        }
    } catch (const SQLite::Exception& exception) {
        if ((exception.getErrorCode() & 0xff) != SQLITE_CORRUPT) throw;
        // The highest id that is left may not be the highest that was given out.
        database.exec("UPDATE sqlite_sequence SET seq = seq + 1000000");
    }
}

/// What follows from other rows: counts of jobs, ids that may not be used twice, an epoch above all tokens.
void derive(SQLite::Database& old, SQLite::Database& database) {
    const auto counted = column_of(database, "SELECT name FROM pragma_table_info('lane_counts')");
    const bool prunes = std::find(counted.begin(), counted.end(), "pruned") != counted.end();
    database.exec(prunes ? "UPDATE lane_counts SET jobs = pruned" : "UPDATE lane_counts SET jobs = 0");
    database.exec(
        "INSERT INTO lane_counts (lane_id, state, jobs) SELECT lane_id, state, count(*) FROM jobs WHERE true "
        "GROUP BY lane_id, state ON CONFLICT (lane_id, state) DO UPDATE SET jobs = jobs + excluded.jobs");
    if (!column_of(database, "SELECT name FROM pragma_table_info('parked_counts')").empty()) {
        database.exec("DELETE FROM parked_counts");
        database.exec(
            "INSERT INTO parked_counts (lane_id, kind_id, cause, jobs) SELECT lane_id, kind_id, cause, count(*) "
            "FROM jobs WHERE state = 5 GROUP BY lane_id, kind_id, cause");
    }
    raise_ids(old, database);
    database.exec("INSERT OR IGNORE INTO epochs (id, epoch) VALUES (1, 0)");
    database.exec("UPDATE epochs SET epoch = max(epoch, coalesce((SELECT max(token) >> 32 FROM jobs), 0) + 1)");
}

std::vector<std::string> problems_of(Connection& connection) {
    std::vector<std::string> problems = integrity_problems(connection, "PRAGMA integrity_check");
    SQLite::Statement orphans(connection.database(),
                              "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2");
    while (orphans.executeStep()) {
        problems.push_back(orphans.getColumn(2).getString() + " rows of " + orphans.getColumn(0).getString() +
                           " name rows of " + orphans.getColumn(1).getString() + " that are lost");
    }
    const auto bodies = connection.database().execAndGet(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'job_bodies'");
    if (bodies.getInt() == 0) return problems;
    const std::int64_t without =
        connection.database()
            .execAndGet("SELECT count(*) FROM jobs WHERE state < 6 AND id NOT IN (SELECT job_id FROM job_bodies)")
            .getInt64();
    if (without > 0) problems.push_back(std::to_string(without) + " open jobs have lost their bodies");
    return problems;
}

/// The new file: schema, rows, indexes, what follows from rows; checked.
Result<void> build(const RepairOptions& options, const std::string& copy, const std::string& fresh, int version,
                   RepairReport& report) {
    Connection connection(SQLite::Database(fresh, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX));
    SQLite::Database& database = connection.database();
    database.exec("PRAGMA foreign_keys = OFF");
    database.exec("PRAGMA synchronous = OFF");  // it is made durable as a whole, before it counts
    Settings settings;
    settings.path = options.path;
    const auto later = std::find_if(options.migrations.begin(), options.migrations.end(), [&](const auto& migration) {
        return version > 0 && migration_number(migration.first) > version;
    });
    settings.migrations =
        options.migrations.first(static_cast<std::size_t>(std::distance(options.migrations.begin(), later)));
    auto migrated = migrate(connection, settings);
    if (!migrated.ok()) return migrated;
    SQLite::Database old(copy, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX);
    {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        for (const std::string& table :
             column_of(database,
                       "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                       "'sqlite\\_%' ESCAPE '\\' ORDER BY name"))
            report.tables.push_back(salvage_table(old, database, table));
        derive(old, database);
        transaction.commit();
    }
    report.after = problems_of(connection);
    return success();
}

}  // namespace

bool RepairReport::lossless() const {
    return after.empty() && std::all_of(tables.begin(), tables.end(), [](const RepairedTable& table) {
               return table.lost == 0 && table.refused == 0 && !table.unreadable_in_part;
           });
}

Result<RepairReport> repair(const RepairOptions& options) {
    auto lock = LockFile::acquire(options.path + ".lock");
    if (!lock.ok()) return std::move(lock).error();
    auto finished = finish_swap(options.path);
    if (!finished.ok()) return finished.error();
    const Scratch copy(options.path + ".repairing");
    auto copied = copy_old(options.path, copy.path());
    if (!copied.ok()) return copied.error();
    auto old = look_at(copy.path(), options.path);
    if (!old.ok()) return std::move(old).error();
    if (old->version > newest_version(options.migrations))
        return Error{ErrorKind::conflict, "schema_newer",
                     options.path + " has schema version " + std::to_string(old->version) +
                         ": repair it with the newer version of this program"};
    RepairReport report;
    report.before = old->problems;
    const std::string fresh = repaired_path(options.path);
    remove_database(fresh);
    try {
        auto built = build(options, copy.path(), fresh, old->version, report);
        if (!built.ok()) return built.error();
    } catch (const SQLite::Exception& exception) {
        remove_database(fresh);
        return beyond_repair(options.path, exception.what());
    }
    if (!report.lossless() && !options.accept_loss) {
        remove_database(fresh);
        return report;
    }
    if (!report.lossless() && options.before_lossy_swap) {
        auto noted = options.before_lossy_swap();
        if (!noted.ok()) {
            remove_database(fresh);
            return noted.error();
        }
    }
    const std::string kept = options.path + ".damaged-" + options.stamp;
    auto begun = begin_swap(options.path, kept);
    if (!begun.ok()) return begun.error();
    auto swapped = finish_swap(options.path);
    if (!swapped.ok()) return swapped.error();
    report.kept = kept;
    return report;
}

}  // namespace spillway::queue::sqlite
