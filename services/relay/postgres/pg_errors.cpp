#include "services/relay/postgres/pg_errors.hpp"

namespace spillway::relay {
namespace {

struct Meaning {
    std::string_view sqlstate;  ///< a code, or the two characters of a class
    ErrorKind kind;
    std::string_view code;
};

// https://www.postgresql.org/docs/15/errcodes-appendix.html. Codes go before their classes.
constexpr Meaning kMeanings[] = {
    {"57014", ErrorKind::unavailable, "statement_timeout"},
    {"55P03", ErrorKind::unavailable, "lock_timeout"},
    {"57P01", ErrorKind::unavailable, "payment_db_stopping"},
    {"57P02", ErrorKind::unavailable, "payment_db_stopping"},
    {"57P03", ErrorKind::unavailable, "payment_db_starting"},  // also while it shuts down
    {"57P05", ErrorKind::unavailable, "payment_db_stopping"},  // idle_session_timeout
    {"53300", ErrorKind::unavailable, "payment_db_full"},
    {"42501", ErrorKind::invalid, "outbox_schema"},
    {"3D000", ErrorKind::invalid, "login_refused"},
    {"XX001", ErrorKind::unavailable, "outbox_index_damaged"},
    {"XX002", ErrorKind::unavailable, "outbox_index_damaged"},
    {"08", ErrorKind::unavailable, "payment_db_down"},
    {"21", ErrorKind::rejected, "row_unreadable"},
    {"22", ErrorKind::rejected, "row_unreadable"},
    {"28", ErrorKind::invalid, "login_refused"},
    {"40", ErrorKind::unavailable, "recovery_conflict"},
    {"42", ErrorKind::invalid, "outbox_schema"},
    {"53", ErrorKind::unavailable, "payment_db_full"},
    {"P0", ErrorKind::rejected, "row_unreadable"},
};

}  // namespace

Error pg_error(std::string_view sqlstate, std::string_view message) {
    Error error{ErrorKind::unavailable, "payment_db_error", std::string(message)};
    if (sqlstate.empty()) error.code = "payment_db_down";
    for (const Meaning& meaning : kMeanings) {
        if (!sqlstate.starts_with(meaning.sqlstate)) continue;
        error.kind = meaning.kind;
        error.code = meaning.code;
        break;
    }
    if (!sqlstate.empty())
        error.detail += (error.detail.empty() ? "SQLSTATE " : " (SQLSTATE ") + std::string(sqlstate) +
                        (error.detail.empty() ? "" : ")");
    return error;
}

}  // namespace spillway::relay
