// Many records in one request: parsed off the loop and committed in chunks, while the rest of them comes; a bad line
// fails alone.

#include "services/api/answers.hpp"
#include "services/api/bulk_lines.hpp"
#include "services/api/operations.hpp"
#include "services/api/record_paths.hpp"
#include "services/api/spilled.hpp"
#include "services/http/problem.hpp"

namespace spillway::api {
namespace {

constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kChunk = 256;
/// A record and what is around it.
constexpr JsonLimits kLineLimits{.bytes_max = kRecordLimits.bytes_max + 4'096,
                                 .depth_max = kRecordLimits.depth_max + 1,
                                 .values_max = kRecordLimits.values_max + 4};
constexpr BulkLines::Limits kLimits{
    .line_bytes = kLineLimits.bytes_max, .chunk_lines = kChunk, .chunk_bytes = 1u << 20};

struct Line : TextLine {
    explicit Line(TextLine line) : TextLine(std::move(line)) {}

    bool readable = false;
    RecordKind kind = RecordKind::contact;
    ExternalId external_id;
    std::optional<store::PreparedRecord> record;  ///< absent for a void
    std::string kind_shown, id_shown;             ///< as given, for the answer
    std::optional<store::Accepted> accepted;
    bool spilled = false;
    std::optional<Error> error;
    int status = 0;
};
using Chunk = std::vector<Line>;

Result<void> check_members(const JsonValue& line) {
    if (!line.is_object()) return invalid("wrong_type", "a line must be a JSON object");
    for (const JsonMember& member : line.members()) {
        const bool known =
            member.name == "kind" || member.name == "external_id" || member.name == "record" || member.name == "void";
        if (!known) return invalid("unknown_member", "unknown member", pointer_to("", member.name));
    }
    return success();
}

Result<void> read_line(Line& line) {
    const auto value = parse_json(line.text, kLineLimits);
    if (!value.ok()) return value.error();
    if (auto members = check_members(*value); !members.ok()) return members;
    line.kind_shown = (*value)["kind"].string_or("");
    line.id_shown = (*value)["external_id"].string_or("");
    const auto kind = record_kind_from(line.kind_shown);
    if (!kind || !(*value)["kind"].is_string())
        return invalid("unknown_kind", "there is no such kind of record", "/kind");
    line.kind = *kind;
    if (!(*value)["external_id"].is_string()) return invalid("missing_member", "a string is missing", "/external_id");
    auto id = read_external_id(line.id_shown, "/external_id");
    if (!id.ok()) return std::move(id).error();
    line.external_id = *std::move(id);
    const JsonValue* voided = value->find("void");
    if (voided && !voided->is_boolean()) return invalid("wrong_type", "must be true or false", "/void");
    const JsonValue* body = value->find("record");
    if (voided && voided->bool_or(false)) {
        if (body) return invalid("void_with_record", "a void has no record", "/record");
        return success();
    }
    if (!body) return invalid("missing_member", "a member is missing", "/record");
    const auto record = read_record(*kind, *body);
    if (!record.ok()) {
        Error error = record.error();
        error.pointer = "/record" + error.pointer;
        return error;
    }
    line.record.emplace(*record);
    return success();
}

void refuse(Line& line, Error error, int status) {
    line.status = status;
    line.error = std::move(error);
}

void read_chunk(Chunk& chunk) {
    for (Line& line : chunk) {
        auto read = read_line(line);
        line.readable = read.ok();
        if (!read.ok()) refuse(line, read.error(), status_of_bad_record(read.error()));
        line.text = {};
    }
}

Result<void> accept_chunk(queue::Transaction& transaction, const store::Intake& intake, Chunk& chunk) {
    for (Line& line : chunk) {
        if (!line.readable) continue;
        line.error.reset();  // of a first run, which was rolled back
        auto accepted = line.record ? store::accept_record(transaction, intake, line.external_id, *line.record)
                                    : store::accept_void(transaction, intake, line.kind, line.external_id);
        if (accepted.ok()) {
            line.status = accepted->outcome == store::Accepted::Outcome::accepted ? 202 : 200;
            line.accepted = *accepted;
        } else if (store::refused_cleanly(accepted.error())) {
            refuse(line, accepted.error(), http::http_status_of(accepted.error().kind));
        } else {
            return std::move(accepted).error();
        }
    }
    return success();
}

awaitable<Result<void>> spill_chunk(Call& call, store::Intake intake, std::shared_ptr<Chunk> chunk) {
    std::vector<spill::Entry> entries;
    for (const Line& line : *chunk)
        if (!line.error)
            entries.push_back({intake, line.kind, line.external_id, line.record ? line.record->body : std::string()});
    auto spilled = co_await spill_many(call, std::move(entries));
    for (Line& line : *chunk) {
        if (line.error || !spilled.ok()) continue;
        line.spilled = true;
        line.status = 202;
    }
    co_return spilled;
}

void refuse_all(Chunk& chunk, const Error& error) {
    for (Line& line : chunk) {
        if (line.error) continue;
        line.accepted.reset();
        refuse(line, error, http::http_status_of(error.kind));
    }
}

/// One chunk in one transaction. When that fails nothing of the chunk is accepted, and each of its lines says so.
/// The chunk is one thread's at a time; it is shared because a thread may let go of it after its answer.
/// @return what it failed with.
awaitable<std::optional<Error>> submit_chunk(Call& call, store::Intake intake, std::shared_ptr<Chunk> chunk) {
    std::function<Result<bool>(store::Connection&)> read = [chunk](store::Connection&) -> Result<bool> {
        read_chunk(*chunk);
        return true;
    };
    const auto parsed = co_await call.context().store.read<bool>(std::move(read));
    std::optional<Error> failure;
    if (!parsed.ok()) failure = parsed.error();
    const bool spills = co_await diverts(call);
    if (!failure && spills) {
        const auto spilled = co_await spill_chunk(call, intake, chunk);
        if (!spilled.ok()) failure = spilled.error();
    } else if (!failure) {
        queue::Work accept = [intake, chunk](queue::Transaction& transaction) {
            return accept_chunk(transaction, intake, *chunk);
        };
        const auto accepted = co_await call.context().store.commit(queue::CommandClass::intake, std::move(accept));
        if (!accepted.ok()) failure = accepted.error();
    }
    if (failure) refuse_all(*chunk, *failure);
    co_return failure;
}

void write_line(std::string& out, const Line& line, bool array) {
    JsonText json;
    json.object().member("line", line.number);
    if (!line.kind_shown.empty()) json.member("kind", line.kind_shown);
    if (!line.id_shown.empty()) json.member("external_id", line.id_shown);
    json.member("status", line.status);
    if (line.accepted) {
        json.member("outcome", store::to_string(line.accepted->outcome)).member("version", line.accepted->version);
        json.member("job_id", line.accepted->job);
    }
    if (line.spilled) json.member("outcome", "spilled");
    if (line.error) json.member_raw("problem", http::problem(*line.error, line.status).body);
    if (array) out += out.empty() ? "[" : ",";
    out += json.close().text();
    if (!array) out += "\n";
}

Reply too_many_lines() { return problem_reply(invalid("too_many_lines", "send at most 10,000 lines at a time"), 413); }

/// An array where the caller asks for application/json and not for NDJSON.
bool wants_array(const HttpHeaders& headers) {
    const auto accept = headers.find("Accept").value_or("");
    return accept.find("application/json") != std::string_view::npos && accept.find("ndjson") == std::string_view::npos;
}

}  // namespace

awaitable<Reply> put_records(Call& call) {
    const auto intake = read_intake(call, queue::Priority::bulk);
    if (!intake.ok()) co_return problem_reply(intake.error());
    BulkLines lines(call.request, kLimits);
    if (lines.complete() && lines.count() > kLinesMax) co_return too_many_lines();
    const bool array = wants_array(call.request.headers);
    std::string out;
    std::size_t taken = 0;
    std::optional<Error> failure;
    for (;;) {
        auto texts = co_await lines.next();
        if (!texts.ok()) co_return problem_reply(texts.error());
        if (texts->empty()) break;
        taken += texts->size();
        if (taken > kLinesMax) co_return too_many_lines();
        auto chunk = std::make_shared<Chunk>();
        for (TextLine& text : *texts) chunk->emplace_back(std::move(text));
        // After a chunk that failed nothing more is accepted: sent again, an earlier line would come after a later one.
        if (failure)
            refuse_all(*chunk, *failure);
        else
            failure = co_await submit_chunk(call, *intake, chunk);
        for (const Line& line : *chunk) write_line(out, line, array);
    }
    if (taken == 0) co_return problem_reply(invalid("empty_body", "send one JSON object a line"));
    if (array) out += "]";
    HttpResponse response = json_response(200, std::move(out));
    if (!array) response.headers.set("Content-Type", "application/x-ndjson");
    co_return response;
}

}  // namespace spillway::api
