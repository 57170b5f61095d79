#include "services/store/meta.hpp"

namespace spillway::store {

std::string meta(Connection& connection, const std::string& name) {
    return first_row(query(connection, "SELECT value FROM meta WHERE name = ?1", name),
                     [](SQLite::Statement& row) { return text(row, 0); })
        .value_or("");
}

void set_meta(Connection& connection, const std::string& name, const std::string& value) {
    run(connection,
        "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name,
        value);
}

void drop_meta(Connection& connection, const std::string& name) {
    run(connection, "DELETE FROM meta WHERE name = ?1", name);
}

}  // namespace spillway::store
