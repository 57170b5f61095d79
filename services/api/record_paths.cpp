#include "services/api/record_paths.hpp"

#include "services/http/problem.hpp"

namespace spillway::api {

Result<RecordPath> read_record_path(const Call& call) {
    const auto kind = record_kind_from(call.path.at("kind"));
    if (!kind) return Error{ErrorKind::not_found, "unknown_kind", "there is no such kind of record"};
    auto external_id = read_external_id(call.path.at("external_id"), "");
    if (!external_id.ok()) return std::move(external_id).error();
    return RecordPath{*kind, *std::move(external_id)};
}

Result<store::Intake> read_intake(const Call& call, queue::Priority fallback) {
    store::Intake intake{ConnectionId(call.path.at("connection_id")), call.principal.id, call.now(), fallback};
    if (const auto word = call.argument("priority")) {
        const auto priority = queue::priority_from(*word);
        if (!priority) return invalid("bad_priority", "`priority` must be interactive, normal or bulk");
        intake.priority = *priority;
    }
    return intake;
}

int status_of_bad_record(const Error& error) {
    if (error.kind != ErrorKind::invalid) return http::http_status_of(error.kind);
    const bool not_json = error.code == "bad_json" || error.code == "duplicate_member" ||
                          error.code == "json_too_deep" || error.code == "json_too_large";
    return not_json ? 400 : 422;
}

}  // namespace spillway::api
