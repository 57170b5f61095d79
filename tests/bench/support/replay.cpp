#include "tests/bench/support/replay.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <vector>

#include "tests/bench/support/counting_vfs.hpp"
#include "tests/bench/support/samples.hpp"

namespace spillway::bench {
namespace {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
struct FreeValue {
    void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
using Value = std::unique_ptr<sqlite3_value, FreeValue>;
using Row = std::vector<Value>;
/// Rows by primary key. A key as text with its type, so that 1 and '1' differ.
using Rows = std::map<std::vector<std::string>, Row>;

void check(int status, sqlite3* database, const std::string& what) {
    if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW) return;
    throw std::runtime_error(what + ": " + sqlite3_errmsg(database));
}

void exec(sqlite3* database, const std::string& sql) {
    check(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), database, sql);
}

Statement prepare(sqlite3* database, const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), database, sql);
    return Statement(statement);
}

Database open(const std::string& path) {
    sqlite3* opened = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    const int status = sqlite3_open_v2(path.c_str(), &opened, flags, counting_vfs());
    Database database(opened);
    check(status, opened, path);
    return database;
}

struct Table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::size_t> key;  ///< of columns
};

std::string text_of(sqlite3_stmt* row, int column) {
    const auto* text = sqlite3_column_text(row, column);
    return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

std::vector<Table> tables_of(sqlite3* database) {
    std::vector<Table> tables;
    const Statement names = prepare(
        database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid");
    while (sqlite3_step(names.get()) == SQLITE_ROW) tables.push_back({text_of(names.get(), 0), {}, {}});
    for (Table& table : tables) {
        const Statement columns = prepare(database, "SELECT name, pk FROM pragma_table_info('" + table.name + "')");
        while (sqlite3_step(columns.get()) == SQLITE_ROW) {
            if (sqlite3_column_int(columns.get(), 1) > 0) table.key.push_back(table.columns.size());
            table.columns.push_back(text_of(columns.get(), 0));
        }
        if (table.key.empty()) throw std::runtime_error("no primary key: " + table.name);
    }
    return tables;
}

std::string key_text(sqlite3_value* value) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
    return std::to_string(sqlite3_value_type(value)) + (text == nullptr ? "" : text);
}

Rows read(sqlite3* database, const Table& table, const std::string& where) {
    std::string sql;
    for (const std::string& column : table.columns) sql += (sql.empty() ? "SELECT " : ", ") + column;
    const Statement statement = prepare(database, sql + " FROM " + where);
    Rows rows;
    while (sqlite3_step(statement.get()) == SQLITE_ROW) {
        Row row;
        std::vector<std::string> key;
        for (std::size_t at = 0; at < table.columns.size(); ++at)
            row.emplace_back(sqlite3_value_dup(sqlite3_column_value(statement.get(), static_cast<int>(at))));
        for (const std::size_t at : table.key) key.push_back(key_text(row[at].get()));
        rows.emplace(std::move(key), std::move(row));
    }
    return rows;
}

bool same(sqlite3_value* left, sqlite3_value* right) {
    if (sqlite3_value_type(left) != sqlite3_value_type(right)) return false;
    if (sqlite3_value_type(left) == SQLITE_NULL) return true;
    const int bytes = sqlite3_value_bytes(left);
    if (bytes != sqlite3_value_bytes(right)) return false;
    return bytes == 0 ||
           std::memcmp(sqlite3_value_blob(left), sqlite3_value_blob(right), static_cast<std::size_t>(bytes)) == 0;
}

/// One row to be written: its values in the order of the statement's parameters.
struct Step {
    sqlite3_stmt* statement = nullptr;
    std::vector<sqlite3_value*> values;
    std::vector<std::string> order;  ///< the row's key
};

/// All that happened to one table.
class Difference {
 public:
    Difference(sqlite3* target, sqlite3* before, sqlite3* after, Table table)
        : target_(target), table_(std::move(table)) {
        // Only rows that differ are kept.
        before_ = read(before, table_, table_.name);
        after_ = read(after, table_, table_.name);
        for (const auto& [key, row] : after_) {
            const auto old = before_.find(key);
            if (old == before_.end())
                insert(key, row);
            else
                update(key, old->second, row);
        }
        for (const auto& [key, row] : before_)
            if (!after_.contains(key)) remove(key, row);
        by_key(writes_);
        by_key(deletes_);
    }

    [[nodiscard]] const std::vector<Step>& writes() const { return writes_; }
    [[nodiscard]] const std::vector<Step>& deletes() const { return deletes_; }

 private:
    /// In the order in which the rows came to be, where keys are numbers.
    static void by_key(std::vector<Step>& steps) {
        std::sort(steps.begin(), steps.end(), [](const Step& left, const Step& right) {
            for (std::size_t at = 0; at < left.order.size(); ++at) {
                const std::string &a = left.order[at], &b = right.order[at];
                if (a == b) continue;
                const bool numbers = a.front() == '1' && b.front() == '1';
                return numbers && a.size() != b.size() ? a.size() < b.size() : a < b;
            }
            return false;
        });
    }

    sqlite3_stmt* statement(const std::string& sql) {
        auto& made = statements_[sql];
        if (!made) made = prepare(target_, sql);
        return made.get();
    }
    std::string where() const {
        std::string sql;
        for (const std::size_t at : table_.key)
            sql += (sql.empty() ? " WHERE " : " AND ") + table_.columns[at] + " = ?";
        return sql;
    }
    void add_key(Step& step, const Row& row) const {
        for (const std::size_t at : table_.key) step.values.push_back(row[at].get());
    }

    void insert(const std::vector<std::string>& key, const Row& row) {
        std::string names, marks;
        Step step{nullptr, {}, key};
        for (std::size_t at = 0; at < row.size(); ++at) {
            names += (names.empty() ? "" : ", ") + table_.columns[at];
            marks += marks.empty() ? "?" : ", ?";
            step.values.push_back(row[at].get());
        }
        step.statement = statement("INSERT INTO " + table_.name + " (" + names + ") VALUES (" + marks + ")");
        writes_.push_back(std::move(step));
    }
    void update(const std::vector<std::string>& key, const Row& before, const Row& after) {
        std::string sets;
        Step step{nullptr, {}, key};
        for (std::size_t at = 0; at < after.size(); ++at) {
            if (same(before[at].get(), after[at].get())) continue;
            sets += (sets.empty() ? "" : ", ") + table_.columns[at] + " = ?";
            step.values.push_back(after[at].get());
        }
        if (sets.empty()) return;
        add_key(step, after);
        step.statement = statement("UPDATE " + table_.name + " SET " + sets + where());
        writes_.push_back(std::move(step));
    }
    void remove(const std::vector<std::string>& key, const Row& row) {
        Step step{nullptr, {}, key};
        add_key(step, row);
        step.statement = statement("DELETE FROM " + table_.name + where());
        deletes_.push_back(std::move(step));
    }

    sqlite3* target_;
    Table table_;
    Rows before_, after_;
    std::map<std::string, Statement> statements_;
    std::vector<Step> writes_, deletes_;
};

void run(const Step& step, sqlite3* database) {
    int at = 0;
    for (sqlite3_value* value : step.values) sqlite3_bind_value(step.statement, ++at, value);
    check(sqlite3_step(step.statement), database, "replay");
    sqlite3_reset(step.statement);
}

std::int64_t run_share(const std::vector<Step>& steps, std::int64_t group, std::int64_t groups, sqlite3* database) {
    const auto all = static_cast<std::int64_t>(steps.size());
    // What the others refer to (a lane, a kind) comes first: the few rows of a small table with the first group.
    constexpr std::int64_t kFew = 16;
    const auto share = [&](std::int64_t upto) {
        return all <= kFew && upto > 0 ? all : (all * upto + groups - 1) / groups;
    };
    const std::int64_t from = share(group), to = share(group + 1);
    for (std::int64_t at = from; at < to; ++at) run(steps[static_cast<std::size_t>(at)], database);
    return to - from;
}

/// As the store's own connection has them.
void set_pragmas(sqlite3* database) {
    for (const char* pragma : {"temp_store = MEMORY", "foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL",
                               "wal_autocheckpoint = 1000", "journal_size_limit = 67108864", "cache_size = -32768"})
        exec(database, std::string("PRAGMA ") + pragma);
}

}  // namespace

Replayed replay(const std::string& before, const std::string& after, std::int64_t groups) {
    const Database target = open(before), source = open(after);
    set_pragmas(target.get());
    std::vector<std::unique_ptr<Difference>> differences;
    for (Table& table : tables_of(target.get()))
        differences.push_back(std::make_unique<Difference>(target.get(), target.get(), source.get(), std::move(table)));

    Replayed replayed;
    const Statement begin = prepare(target.get(), "BEGIN IMMEDIATE");
    const Statement commit = prepare(target.get(), "COMMIT");
    const std::int64_t syncs_before = syncs();
    const double cpu_before = cpu_seconds();
    const auto start = SteadyClock::now();
    for (std::int64_t group = 0; group < groups; ++group) {
        check(sqlite3_step(begin.get()), target.get(), "begin");
        sqlite3_reset(begin.get());
        exec(target.get(), "PRAGMA defer_foreign_keys = ON");  // tables come one after the other; COMMIT ends it
        for (const auto& difference : differences)
            replayed.rows += run_share(difference->writes(), group, groups, target.get());
        for (auto each = differences.rbegin(); each != differences.rend(); ++each)
            replayed.rows += run_share((*each)->deletes(), group, groups, target.get());
        check(sqlite3_step(commit.get()), target.get(), "commit");
        sqlite3_reset(commit.get());
    }
    replayed.seconds = seconds_since(start);
    replayed.cpu_seconds = cpu_seconds() - cpu_before;
    replayed.syncs = syncs() - syncs_before;
    return replayed;
}

}  // namespace spillway::bench
