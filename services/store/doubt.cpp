#include "services/store/doubt.hpp"

#include <algorithm>

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"
#include "services/store/meta.hpp"

namespace spillway::store {
namespace {

/// How long a lost write may come to light, and callers may submit again what a restore has forgotten.
constexpr auto kResubmissions = std::chrono::hours(7 * 24);

std::optional<JsonValue> read_meta(Connection& connection, const std::string& name) {
    const auto stored = meta(connection, name);
    if (stored.empty()) return std::nullopt;
    auto value = parse_json(stored);
    if (!value.ok()) return std::nullopt;
    return *std::move(value);
}

std::string wait_name(const std::string& budget) { return "wait/" + budget; }

}  // namespace

std::optional<Heartbeat> heartbeat(Connection& connection) {
    const auto value = read_meta(connection, "heartbeat");
    if (!value) return std::nullopt;
    return Heartbeat{(*value)["count"].int64_or(0), from_ms((*value)["at_ms"].int64_or(0))};
}

Heartbeat beat(Connection& connection, WallTime now) {
    const auto last = heartbeat(connection);
    const Heartbeat next{last ? last->count + 1 : 1, now};
    JsonText json;
    json.object().member("count", next.count).member("at_ms", to_ms(now)).close();
    set_meta(connection, "heartbeat", json.text());
    return next;
}

std::optional<Doubt> doubt(Connection& connection) {
    const auto value = read_meta(connection, "doubt");
    if (!value) return std::nullopt;
    Doubt doubt{(*value)["why"].string_or(""), from_ms((*value)["since_ms"].int64_or(0)),
                (*value)["through"].int64_or(0), std::nullopt};
    if (const auto* until = value->find("until_ms")) doubt.until = from_ms(until->int64_or(0));
    return doubt;
}

void raise_doubt(Connection& connection, const std::string& why, WallTime now, bool resubmissions) {
    const auto before = doubt(connection);
    const auto newest = first_row(query(connection, "SELECT max(id) FROM jobs"),
                                  [](SQLite::Statement& row) { return integer(row, 0); });
    auto until = before ? before->until : std::nullopt;
    if (resubmissions) until = std::max(until.value_or(now), now + kResubmissions);
    JsonText json;
    json.object().member("why", why).member("since_ms", to_ms(now)).member("through", newest.value_or(0));
    if (until) json.member("until_ms", to_ms(*until));
    json.close();
    set_meta(connection, "doubt", json.text());
}

bool is_over(Connection& connection, const Doubt& doubt, WallTime now) {
    if (doubt.until && now < *doubt.until) return false;
    return !first_row(query(connection, "SELECT 1 FROM jobs WHERE open = 1 AND id <= ?1 LIMIT 1", doubt.through),
                      [](SQLite::Statement&) { return true; });
}

void end_doubt(Connection& connection) { drop_meta(connection, "doubt"); }

void save_wait(Connection& connection, const std::string& budget, Millis left, WallTime now) {
    JsonText json;
    json.object().member("left_ms", left.count()).member("at_ms", to_ms(now)).close();
    set_meta(connection, wait_name(budget), json.text());
}

std::optional<Millis> wait_left(Connection& connection, const std::string& budget, WallTime now) {
    const auto value = read_meta(connection, wait_name(budget));
    if (!value) return std::nullopt;
    const Millis stored{(*value)["left_ms"].int64_or(0)};
    const Millis by_wall = from_ms((*value)["at_ms"].int64_or(0)) + stored - now;
    const auto left = std::min(stored, by_wall);
    if (left <= Millis{0}) return std::nullopt;
    return left;
}

std::vector<queue::JobId> stranded_jobs(Connection& connection, const std::string& lane) {
    return rows(
        query(connection,
              "SELECT id FROM jobs j WHERE lane_id = (SELECT id FROM lanes WHERE name = ?1) AND open = 1 AND state = 4"
              " AND NOT EXISTS (SELECT 1 FROM intents WHERE job_id = j.id AND state = 'open') ORDER BY id",
              lane),
        [](SQLite::Statement& row) { return queue::JobId{integer(row, 0)}; });
}

}  // namespace spillway::store
