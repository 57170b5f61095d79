// The store against itself, once nothing moves any more.

#include "tests/simulation/swarm/oracle.hpp"

namespace spillway::test {

namespace {

/// Each query gives rows only where a rule is broken: what it concerns, and more.
struct Rule {
    const char* name;
    const char* sql;
};

constexpr Rule kRules[] = {
    {"open_intent",
     "SELECT r.external_id, i.call_key FROM intents i JOIN records r ON r.id = i.record_id WHERE i.state = 'open'"},
    {"open_call", "SELECT operation, key FROM calls WHERE state <> 'closed'"},
    {"counts",
     "SELECT l.name, 'state ' || c.state || ' says ' || c.jobs FROM lane_counts c JOIN lanes l ON l.id = c.lane_id"
     " WHERE c.jobs - c.pruned <> (SELECT count(*) FROM jobs j WHERE j.lane_id = c.lane_id AND j.state = c.state)"},
    {"parked_counts",
     "SELECT l.name, c.cause || ': ' || c.jobs FROM parked_counts c JOIN lanes l ON l.id = c.lane_id WHERE c.jobs <>"
     " (SELECT count(*) FROM jobs j WHERE j.state = 5 AND j.lane_id = c.lane_id AND j.kind_id = c.kind_id AND j.cause ="
     " c.cause)"},
    // One create of one role of one record takes effect once, unless what it made was ended in between.
    {"applied_twice",
     "SELECT r.external_id, a.role || ' of version ' || a.record_version FROM attempts a JOIN records r ON r.id = "
     "a.record_id"
     " WHERE a.outcome = 'applied' AND a.verb = 'create' GROUP BY a.record_id, a.role, a.record_version HAVING "
     "count(*) > 1"},
    {"not_latest",
     "SELECT r.external_id, 'version ' || r.version || ', applied ' || r.applied_version FROM records r"
     " WHERE r.applied_version < r.version AND NOT EXISTS (SELECT 1 FROM jobs j JOIN lanes l ON l.id = j.lane_id"
     " WHERE l.name = r.connection_id AND j.key = r.kind || '/' || r.external_id AND j.state < 6)"},
    {"two_open_jobs",
     "SELECT key, count(*) FROM jobs WHERE state < 6 AND follow_up = 0 GROUP BY lane_id, key HAVING count(*) > 1"},
    {"versions",
     "SELECT r.external_id, r.version FROM records r WHERE r.version <> (SELECT count(*) FROM versions v WHERE "
     "v.record_id = r.id)"},
    {"events",
     "SELECT body, count(*) FROM events WHERE type = 'record.accepted' GROUP BY connection_id, body HAVING count(*) > "
     "1"},
    {"integrity", "SELECT integrity_check, '' FROM pragma_integrity_check WHERE integrity_check <> 'ok'"},
};

struct Stuck {
    std::string key, lane, cause, detail;
    int state = 0;
};

void met_in_store(Findings& findings, queue::sqlite::Connection& connection) {
    constexpr std::pair<const char*, const char*> kMarks[] = {
        {"superseded", "SELECT count(*) FROM jobs WHERE state = 8"},
        {"with_difference", "SELECT count(*) FROM jobs WHERE state = 7"},
        {"unknown_outcome", "SELECT count(*) FROM attempts WHERE outcome = 'unknown'"},
        {"proven_absent", "SELECT count(*) FROM attempts WHERE code = 'not_applied'"},
        {"unavailable", "SELECT count(*) FROM attempts WHERE outcome = 'unavailable'"},
        {"attempt_throttled", "SELECT count(*) FROM attempts WHERE outcome = 'throttled'"},
        {"attempt_unauthorised", "SELECT count(*) FROM attempts WHERE outcome = 'unauthorised'"},
        {"taken_over_after_crash",
         "SELECT count(*) FROM attempts a JOIN calls c ON c.key = a.call_key WHERE a.outcome = 'applied' AND c.epoch <"
         " (SELECT epoch FROM epochs) AND a.at_ms > c.sent_ms + 20000 AND c.status = 0"},
        {"crashed_job", "SELECT count(*) FROM jobs WHERE crashes > 0"},
        {"poison", "SELECT count(*) FROM jobs WHERE cause = 'poison'"},
        {"parked", "SELECT count(*) FROM events WHERE type = 'record.parked'"},
        {"voided", "SELECT count(*) FROM records WHERE voided = 1 AND applied_version = version"},
        {"void_of_never_sent",
         "SELECT count(*) FROM records r WHERE r.voided = 1 AND NOT EXISTS (SELECT 1 FROM links l WHERE l.record_id = "
         "r.id)"},
        {"many_versions", "SELECT count(*) FROM records WHERE version > 3"},
    };
    for (const auto& [mark, sql] : kMarks) {
        SQLite::Statement count(connection.database(), sql);
        if (count.executeStep()) findings.met(mark, static_cast<std::uint64_t>(count.getColumn(0).getInt64()));
    }
}

/// Parked for a reason that the company knows of, or behind such a one.
bool is_real_reason(const Stuck& job, const std::vector<Business>& businesses) {
    for (const auto& business : businesses) {
        if (business.place().connection != job.lane) continue;
        for (const auto& record : business.wanted()) {
            if (record.kind + "/" + record.id != job.key) continue;
            return record.refused_by_books || record.foreign;
        }
    }
    return false;
}

}  // namespace

void judge_store(World& world, Findings& findings, const std::vector<Business>& businesses) {
    world.read_store([&](queue::sqlite::Connection& connection) {
        for (const auto& rule : kRules) {
            SQLite::Statement select(connection.database(), rule.sql);
            if (select.executeStep())
                findings.broken(rule.name, select.getColumn(0).getString(),
                                select.getColumn(0).getString() + ": " + select.getColumn(1).getString());
        }
        SQLite::Statement open(connection.database(),
                               "SELECT j.key, l.name, j.state, j.cause, j.detail FROM jobs j JOIN lanes l ON l.id = "
                               "j.lane_id WHERE j.state < 6");
        while (open.executeStep()) {
            const Stuck job{open.getColumn(0).getString(), open.getColumn(1).getString(), open.getColumn(3).getString(),
                            open.getColumn(4).getString(), open.getColumn(2).getInt()};
            if (is_real_reason(job, businesses)) continue;
            findings.broken(job.state == 5 ? "parked" : "stuck", job.key.substr(job.key.find('/') + 1),
                            job.key + " in state " + std::to_string(job.state) + ": " + job.cause + ": " + job.detail);
        }
        met_in_store(findings, connection);
    });
}

}  // namespace spillway::test
