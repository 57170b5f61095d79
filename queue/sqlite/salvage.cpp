#include "queue/sqlite/salvage.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>

namespace spillway::queue::sqlite {

namespace {

bool is_damage(const SQLite::Exception& exception) {
    const int code = exception.getErrorCode() & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_IOERR;
}

void bind_value(SQLite::Statement& write, int index, const SQLite::Column& value) {
    switch (value.getType()) {
        case SQLITE_INTEGER: return write.bind(index, value.getInt64());
        case SQLITE_FLOAT: return write.bind(index, value.getDouble());
        case SQLITE_TEXT: return write.bind(index, value.getString());
        case SQLITE_BLOB: return write.bind(index, value.getBlob(), value.getBytes());
        default: return write.bind(index);
    }
}

/// One table on its way.
class Salvage {
 public:
    Salvage(SQLite::Database& old, SQLite::Database& fresh, const std::string& name)
        : old_(old), fresh_(fresh), name_(name) {
        report_.name = name;
        const auto old_columns = column_of(old_, "SELECT name FROM pragma_table_info(" + text() + ")");
        for (const std::string& column : column_of(fresh_, "SELECT name FROM pragma_table_info(" + text() + ")")) {
            if (std::find(old_columns.begin(), old_columns.end(), column) == old_columns.end()) continue;
            columns_ += (columns_.empty() ? "" : ", ") + in_quotes(column);
        }
        key_ = key_columns();
    }

    RepairedTable run() {
        fresh_.exec("DELETE FROM " + in_quotes(name_));
        if (columns_.empty()) return report_;
        if (!copy("")) {
            report_.unreadable_in_part = true;
            fresh_.exec("DELETE FROM " + in_quotes(name_));
            report_.rows = report_.refused = 0;
            key_.empty() ? by_rowid() : by_key();
        }
        report_.rows = count(fresh_, "SELECT count(*) FROM " + in_quotes(name_)).value_or(0);
        report_.lost = std::max<std::int64_t>(0, expected() - report_.rows - report_.refused);
        return report_;
    }

 private:
    std::string text() const { return "'" + name_ + "'"; }

    /// The primary key of a table without row ids; empty for any other.
    std::string key_columns() {
        const bool rowless =
            count(fresh_,
                  "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND wr = 1 AND name = " + text())
                .value_or(0) > 0;
        std::string key;
        if (!rowless) return key;
        for (const std::string& column :
             column_of(fresh_, "SELECT name FROM pragma_table_info(" + text() + ") WHERE pk > 0 ORDER BY pk"))
            key += (key.empty() ? "" : ", ") + in_quotes(column);
        return key;
    }

    static std::optional<std::int64_t> count(SQLite::Database& database, const std::string& sql) {
        try {
            return database.execAndGet(sql).getInt64();
        } catch (const SQLite::Exception& exception) {
            if (!is_damage(exception)) throw;
            return std::nullopt;
        }
    }

    /// Copies row by row what the clause selects. @return false where a page cannot be read.
    bool copy(const std::string& clause) {
        const bool has_rowid = key_.empty();
        SQLite::Statement read(old_, std::string("SELECT ") + (has_rowid ? "rowid, " : "0, ") + columns_ + " FROM " +
                                         in_quotes(name_) + " NOT INDEXED " + clause);
        std::string marks = has_rowid ? "?1" : "";
        for (int column = 1; column < read.getColumnCount(); ++column)
            marks += (marks.empty() ? "?" : ", ?") + std::to_string(column + 1);
        SQLite::Statement write(fresh_, "INSERT OR IGNORE INTO " + in_quotes(name_) + " (" +
                                            (has_rowid ? "rowid, " : "") + columns_ + ") VALUES (" + marks + ")");
        while (true) {
            try {
                if (!read.executeStep()) return true;
            } catch (const SQLite::Exception& exception) {
                if (!is_damage(exception)) throw;
                return false;
            }
            if (has_rowid) last_ = read.getColumn(0).getInt64();
            for (int column = has_rowid ? 0 : 1; column < read.getColumnCount(); ++column)
                bind_value(write, column + 1, read.getColumn(column));
            if (write.exec() == 0 && !again_) ++report_.refused;
            write.reset();
        }
    }

    bool readable_after(std::int64_t rowid) {
        try {
            SQLite::Statement read(old_, "SELECT rowid FROM " + in_quotes(name_) + " NOT INDEXED WHERE rowid > " +
                                             std::to_string(rowid) + " ORDER BY rowid LIMIT 1");
            read.executeStep();
            return true;
        } catch (const SQLite::Exception& exception) {
            if (!is_damage(exception)) throw;
            return false;
        }
    }

    /// From the front to the first page that cannot be read, over it, and on.
    void by_rowid() {
        last_ = std::numeric_limits<std::int64_t>::min();
        if (const auto first = count(old_, "SELECT min(rowid) FROM " + in_quotes(name_))) last_ = *first - 1;
        for (int gaps = 0; gaps < kGapsMax; ++gaps) {
            if (copy("WHERE rowid > " + std::to_string(last_) + " ORDER BY rowid")) return;
            // The smallest row id behind the damage: a page holds a range of them, so halving finds its end.
            std::int64_t bad = std::max<std::int64_t>(last_, -1);
            std::int64_t step = 1;
            while (step < kRowidMax && !readable_after(bad + step)) {
                bad += step;
                step *= 2;
            }
            if (step >= kRowidMax) return;
            std::int64_t good = bad + step;
            while (good - bad > 1) {
                const std::int64_t middle = bad + (good - bad) / 2;
                (readable_after(middle) ? good : bad) = middle;
            }
            last_ = good;
        }
    }

    /// From the front to the first page that cannot be read, then from the back to the last one.
    void by_key() {
        if (copy("ORDER BY " + key_)) return;
        again_ = true;
        std::string backwards;
        for (const char c : key_) backwards += c == ',' ? std::string(" DESC,") : std::string(1, c);
        copy("ORDER BY " + backwards + " DESC");
        again_ = false;
    }

    /// How many rows there should be, by the old table itself and by its indexes over all rows.
    std::int64_t expected() {
        std::int64_t most = 0;
        if (!report_.unreadable_in_part)
            most = count(old_, "SELECT count(*) FROM " + in_quotes(name_) + " NOT INDEXED").value_or(0);
        for (const std::string& index :
             column_of(old_, "SELECT name FROM pragma_index_list(" + text() + ") WHERE partial = 0")) {
            const auto rows =
                count(old_, "SELECT count(*) FROM " + in_quotes(name_) + " INDEXED BY " + in_quotes(index));
            most = std::max(most, rows.value_or(0));
        }
        return most;
    }

    static constexpr int kGapsMax = 100'000;
    static constexpr std::int64_t kRowidMax = 1ll << 50;

    SQLite::Database& old_;
    SQLite::Database& fresh_;
    std::string name_;
    std::string columns_;
    std::string key_;
    std::int64_t last_ = 0;
    bool again_ = false;  // rows of the other direction may come twice
    RepairedTable report_;
};

}  // namespace

std::string in_quotes(const std::string& name) {
    std::string out = "\"";
    for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

std::vector<std::string> column_of(SQLite::Database& database, const std::string& sql) {
    std::vector<std::string> out;
    SQLite::Statement rows(database, sql);
    while (rows.executeStep()) out.push_back(rows.getColumn(0).getString());
    return out;
}

RepairedTable salvage_table(SQLite::Database& old, SQLite::Database& fresh, const std::string& name) {
    return Salvage(old, fresh, name).run();
}

}  // namespace spillway::queue::sqlite
