#include "services/sandbox/qbo/api.hpp"

#include "schema/json_text.hpp"
#include "services/sandbox/qbo/faults.hpp"
#include "services/sandbox/qbo/memory.hpp"
#include "services/sandbox/qbo/query.hpp"
#include "services/sandbox/qbo/writes.hpp"

namespace spillway::sandbox::qbo {
namespace {

constexpr std::string_view kPrefix = "/v3/company/";
constexpr std::size_t kRequestIdMax = 50;

std::string member(std::string_view name, const std::string& json) { return "\"" + std::string(name) + "\":" + json; }

HttpResponse answer(int status, const std::string& json, WallTime now) {
    return {status,
            {{"Content-Type", "application/json;charset=UTF-8"}},
            "{" + json + ",\"time\":\"" + pacific_time(now) + "\"}"};
}

[[noreturn]] void refuse_operation(const ApiCall& call) {
    refuse("500", "Operation " + call.operation() + " is not supported.");
}

HttpResponse read_one(const Scene& scene, const ApiCall& call) {
    if (call.resource == "companyinfo")
        return answer(200, member("CompanyInfo", company_info_json(scene.company)), scene.now);
    if (call.resource == "preferences")
        return answer(200, member("Preferences", preferences_json(scene.company)), scene.now);
    const KindInfo* kind = kind_by_name(call.resource);
    if (kind == nullptr || call.id.empty()) refuse_operation(call);
    const Result<Decimal> id = Decimal::parse(call.id);
    if (!id.ok() || id->scale() != 0)
        refuse("2030", "Invalid ID : Id should be a valid number. Supplied value:" + call.id, "Id");
    const Object* found = scene.company.find(kind->kind, id->units());
    if (found == nullptr) refuse("610", "Object Not Found : " + std::string(kind->name) + " " + call.id);
    return answer(200, member(kind->name, object_json(scene.company, *found)), scene.now);
}

Remembered write_one(const Scene& scene, const ApiCall& call, const KindInfo& kind) {
    const Result<JsonValue> body = parse_json(call.http.body);
    if (!body.ok()) refuse("2010", "The request's body cannot be read: " + body.error().detail);
    const std::string include = folded(call.parameter("include"));
    const WriteRequest request{kind, call.parameter("operation"), include.find("void") != std::string::npos,
                               include.find("allowduplicatedocnum") != std::string::npos, *body};
    return {{}, 200, false, member(kind.name, write_object(scene, request))};
}

HttpResponse post(const Scene& scene, const ApiCall& call) {
    const KindInfo* kind = kind_by_name(call.resource);
    if (kind == nullptr || !call.id.empty()) refuse_operation(call);
    const std::string request_id = call.parameter("requestid");
    if (request_id.size() > kRequestIdMax) refuse("2130", "A request id has at most 50 characters");
    const Remembered made = once(scene, request_id, [&]() -> Remembered {
        try {
            return write_one(scene, call, *kind);
        } catch (const Refused& refused) {
            return {{}, refused.fault.http_status, true, member("Fault", fault_json(refused.fault))};
        }
    });
    return answer(made.status, made.json, scene.now);
}

HttpResponse route(const Scene& scene, const ApiCall& call) {
    const bool is_get = call.http.method == "GET";
    const bool is_post = call.http.method == "POST";
    if (call.resource == "query" && (is_get || is_post)) {
        const std::string text = is_get ? call.parameter("query") : call.http.body;
        return answer(200, member("QueryResponse", run_query(scene, text)), scene.now);
    }
    if (call.resource == "batch" && is_post) return answer_batch(scene, call);
    if (call.resource == "cdc" && is_get)
        return answer(200, member("CDCResponse", changes_json(scene, call)), scene.now);
    if (is_get) return read_one(scene, call);
    if (is_post) return post(scene, call);
    refuse_operation(call);
}

}  // namespace

std::string ApiCall::parameter(std::string_view name) const { return form_value(query, name).value_or(""); }

ApiCall api_call(const HttpRequest& request) {
    ApiCall call{
        request, {}, {}, {}, parse_form(request.query()).value_or(std::vector<std::pair<std::string, std::string>>{})};
    std::string_view rest = request.path();
    rest.remove_prefix(std::min(rest.size(), kPrefix.size()));
    const auto segment = [&rest] {
        const std::size_t end = std::min(rest.find('/'), rest.size());
        std::string taken(rest.substr(0, end));
        rest.remove_prefix(std::min(rest.size(), end + 1));
        return taken;
    };
    call.realm = segment();
    call.resource = folded(segment());
    call.id = segment();
    return call;
}

HttpResponse answer_call(const Scene& scene, const ApiCall& call) {
    try {
        return route(scene, call);
    } catch (const Refused& refused) {
        return service_fault(refused.fault, scene.now);
    } catch (const std::exception& problem) {
        Fault fault = fault_of("10000", problem.what());
        fault.type = "SystemFault";
        fault.http_status = 500;
        return service_fault(fault, scene.now);
    }
}

}  // namespace spillway::sandbox::qbo
