// spillway import: a CSV into records, in bulk. Sending a chunk again is harmless: what was accepted is `unchanged`.

#include <fmt/format.h>

#include <map>
#include <ostream>

#include "schema/json_text.hpp"
#include "schema/record_json.hpp"
#include "services/spillway/commands.hpp"
#include "services/spillway/csv/report.hpp"
#include "services/spillway/progress.hpp"
#include "services/spillway/source.hpp"

namespace spillway::cli {
namespace {

// The service takes 10,000 lines and 32 MiB; smaller chunks show progress and cost little.
constexpr std::size_t kChunkLines = 500, kChunkBytes = 8u << 20;
constexpr int kTriesMax = 8;
constexpr Millis kFirstPause{500};
constexpr std::size_t kProblemsShown = 20;

struct BulkLine {
    std::string name;  ///< "invoice 536365", for people
    std::string text;  ///< one NDJSON line, LF included
};

/// What the service said to all lines of one connection.
struct Outcome {
    std::map<std::string, std::size_t> counts;  ///< accepted, unchanged, superseded, refused
    std::vector<std::string> problems;          ///< the first of the refused
};

std::vector<BulkLine> bulk_lines(const csv::Import& import) {
    std::vector<BulkLine> lines;
    for (const auto* list : {&import.contacts, &import.items, &import.documents}) {
        for (const csv::NamedRecord& named : *list) {
            const std::string_view kind = to_string(named.record.kind());
            JsonText json;
            json.object().member("kind", kind).member("external_id", named.external_id);
            json.member_raw("record", write_record(named.record)).close();
            lines.push_back({std::string(kind) + " " + named.external_id, std::move(json).take() + "\n"});
        }
    }
    return lines;
}

class Sender {
 public:
    Sender(Session& session, Client& client, const std::string& connection)
        : client_(client), progress_(session.err(), session.tty()), connection_(connection) {}

    Result<Outcome> run(const std::vector<BulkLine>& lines) {
        std::vector<const BulkLine*> chunk;
        std::size_t bytes = 0, done = 0;
        for (const BulkLine& line : lines) {
            chunk.push_back(&line);
            bytes += line.text.size();
            if (chunk.size() < kChunkLines && bytes < kChunkBytes && &line != &lines.back()) continue;
            if (auto sent = send(chunk); !sent.ok()) return sent.error();
            done += chunk.size();
            progress_.show({fmt::format("{} {} of {} records to {}",
                                        bar(static_cast<std::int64_t>(done), static_cast<std::int64_t>(lines.size())),
                                        csv::grouped(done), csv::grouped(lines.size()), connection_)},
                           client_.now(), done == lines.size() ? "done" : "");
            chunk.clear();
            bytes = 0;
        }
        return std::move(outcome_);
    }

 private:
    /// Sends the lines of a chunk; those that storage was too busy for, again.
    Result<void> send(std::vector<const BulkLine*> chunk) {
        Millis pause = kFirstPause;
        for (int tries = 1;; ++tries) {
            auto left = send_once(chunk);
            if (left.ok() && left->empty()) return success();
            const bool again = left.ok() || left.error().kind == ErrorKind::unavailable;
            if (!again || tries == kTriesMax)
                return left.ok() ? Error{ErrorKind::unavailable, "busy", "the service is too busy to accept records"}
                                 : left.error();
            if (left.ok()) chunk = *std::move(left);
            client_.sleep(pause);
            pause *= 2;
        }
    }

    /// @return the lines that were not accepted for now.
    Result<std::vector<const BulkLine*>> send_once(const std::vector<const BulkLine*>& chunk) {
        HttpRequest request;
        request.method = "POST";
        request.target = "/v1/connections/" + percent_encode(connection_) + "/records:bulk";
        request.headers.set("Content-Type", "application/x-ndjson");
        request.headers.set("Accept", "application/json");
        for (const BulkLine* line : chunk) request.body += line->text;
        const auto response = client_.send(std::move(request));
        if (!response.ok()) return response.error();
        if (response->status >= 400) return problem_of(*response);
        const auto results = parse_json(response->body);
        if (!results.ok() || results->items().size() != chunk.size())
            return Error{ErrorKind::bug, "bad_answer", "the service did not answer every line"};
        std::vector<const BulkLine*> left;
        for (std::size_t i = 0; i < chunk.size(); ++i)
            if (!settle(*chunk[i], results->items()[i])) left.push_back(chunk[i]);
        return left;
    }

    /// False for a line that is to be sent again.
    bool settle(const BulkLine& line, const JsonValue& result) {
        const std::int64_t status = result["status"].int64_or(0);
        if (status == 503) return false;
        if (status < 300) {
            ++outcome_.counts[result["outcome"].string_or("accepted")];
            return true;
        }
        ++outcome_.counts["refused"];
        const JsonValue& problem = result["problem"];
        if (outcome_.problems.size() < kProblemsShown)
            outcome_.problems.push_back(line.name + ": " + problem["pointer"].string_or("") + " " +
                                        problem["detail"].string_or(problem["code"].string_or("refused")));
        return true;
    }

    Client& client_;
    Progress progress_;
    std::string connection_;
    Outcome outcome_;
};

void append_outcome(JsonText& json, const std::string& connection, const Outcome& outcome) {
    json.key(connection).object();
    for (const auto& [word, count] : outcome.counts) json.member(word, count);
    json.key("problems").array();
    for (const std::string& problem : outcome.problems) json.value(problem);
    json.close().close();
}

void show_outcome(Session& session, const std::string& connection, const Outcome& outcome) {
    session.out() << connection << ":";
    for (const auto& [word, count] : outcome.counts) session.out() << " " << csv::grouped(count) << " " << word;
    session.out() << "\n";
    for (const std::string& problem : outcome.problems) session.out() << "  ! " << problem << "\n";
}

}  // namespace

int import_file(Session& session, const ImportOptions& options) {
    if (options.connections.empty() && !options.dry_run)
        return session.fail(invalid("no_connection", "--connection is needed (or --dry-run)"));
    const auto source = open_source(options.format, options.file);
    if (!source.ok()) return session.fail(source.error());
    if (!session.json()) session.out() << csv::report_text(source->import, source->format) << std::flush;
    JsonText json;
    json.object().key("report");
    csv::append_report(json, source->import, source->format);
    json.key("connections").object();
    bool refused = false;
    const std::vector<BulkLine> lines = bulk_lines(source->import);
    for (const std::string& connection : options.dry_run ? std::vector<std::string>{} : options.connections) {
        const auto client = session.client();
        if (!client.ok()) return session.fail(client.error());
        const auto outcome = Sender(session, **client, connection).run(lines);
        if (!outcome.ok()) return session.fail(outcome.error());
        refused = refused || outcome->counts.contains("refused");
        append_outcome(json, connection, *outcome);
        if (!session.json()) show_outcome(session, connection, *outcome);
    }
    json.close().close();
    if (session.json()) session.out() << std::move(json).take() << "\n";
    return refused || !source->import.adds_up() ? kFailed : kOk;
}

}  // namespace spillway::cli
