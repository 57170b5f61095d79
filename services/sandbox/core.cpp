#include "services/sandbox/core.hpp"

#include <nlohmann/json.hpp>

namespace spillway::sandbox {

using boost::asio::awaitable;
using nlohmann::json;

namespace {

constexpr std::string_view kControl = "/_sandbox";

HttpResponse as_json(int status, const json& body) {
    return {status, {{"Content-Type", "application/json"}}, body.dump() + "\n"};
}

HttpResponse problem(int status, const std::string& detail) { return as_json(status, {{"error", detail}}); }

bool is_token_path(std::string_view path) {
    return path.ends_with("/connect/token") || path.ends_with("/tokens/bearer") || path.ends_with("/tokens/revoke") ||
           path.ends_with("/connect/revocation");
}

/// Tells the model that a request has ended, however play() is left.
class InFlight {
 public:
    InFlight(ProviderModel& model, const HttpRequest& request) : model_(model), request_(request) {}
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;
    ~InFlight() { model_.end(request_); }

 private:
    ProviderModel& model_;
    const HttpRequest& request_;
};

}  // namespace

std::string Core::load_faults(std::string_view document) {
    const json parsed = json::parse(document, nullptr, /*allow_exceptions=*/false);
    if (parsed.is_discarded()) return "not JSON";
    return faults_.load(parsed, clock_.steady_now());
}

ProviderModel* Core::find(std::string_view name) {
    for (const auto& model : models_)
        if (model->name() == name) return model.get();
    return nullptr;
}

awaitable<http::Reply> Core::serve(HttpRequest request) {
    const std::string path(request.path());
    if (path == kControl || path.starts_with("/_sandbox/")) co_return control(request);
    for (const auto& model : models_) {
        if (!model->owns(request)) continue;
        auto playing = play(*model, std::move(request));
        co_return co_await std::move(playing);
    }
    co_return problem(404, "no provider of the sandbox has the path " + path);
}

awaitable<http::Reply> Core::play(ProviderModel& model, HttpRequest request) {
    if (auto refusal = model.begin(request, now())) co_return *std::move(refusal);
    const InFlight in_flight(model, request);
    auto playing = play_admitted(model, request);
    co_return co_await std::move(playing);
}

awaitable<http::Reply> Core::play_admitted(ProviderModel& model, const HttpRequest& request) {
    const bool token = is_token_path(request.path());
    const FaultSubject subject{model.name(), request.path(), !token && model.is_write(request), token};
    const FaultDecision fault = faults_.decide(subject, clock_.steady_now());
    if (fault.before > Millis{0}) co_await clock_.sleep_for(fault.before);
    if (fault.cut) co_return http::DropConnection{};
    if (fault.error && !fault.error_applied) {
        model.remember(request, now(), *fault.error, /*applied=*/false);
        co_return *fault.error;
    }
    HttpResponse answer = model.handle(request, now());
    if (fault.error) {
        model.remember(request, now(), *fault.error, /*applied=*/true);
        answer = *fault.error;
    }
    if (fault.after > Millis{0}) co_await clock_.sleep_for(fault.after);
    if (fault.answer_lost) co_return http::DropConnection{};
    co_return answer;
}

HttpResponse Core::control(const HttpRequest& request) {
    const std::string_view path = request.path().substr(kControl.size());
    if (path == "/health" && request.method == "GET") {
        json names = json::array();
        for (const auto& model : models_) names.push_back(model->name());
        return as_json(200, {{"status", "ok"}, {"providers", names}});
    }
    if (path == "/reset" && request.method == "POST") return reset(request);
    if (path == "/faults") return change_faults(request);
    const auto slash = path.find('/', 1);
    if (slash == std::string_view::npos) return problem(404, "no such control path");
    return control_provider(request, path.substr(1, slash - 1), path.substr(slash + 1));
}

HttpResponse Core::control_provider(const HttpRequest& request, std::string_view provider, std::string_view verb) {
    ProviderModel* model = find(provider);
    if (model == nullptr) return problem(404, "no such provider");
    if (verb == "ledger" && request.method == "GET") return as_json(200, model->ledger());
    if (verb == "reset" && request.method == "POST") return model->reset(), as_json(200, {{"reset", provider}});
    if (verb != "configure" || request.method != "POST") return problem(404, "no such control path");
    const json settings = json::parse(request.body, nullptr, /*allow_exceptions=*/false);
    if (settings.is_discarded()) return problem(400, "not JSON");
    const std::string trouble = model->configure(settings);
    return trouble.empty() ? as_json(200, {{"configured", provider}}) : problem(400, trouble);
}

HttpResponse Core::reset(const HttpRequest&) {
    for (const auto& model : models_) model->reset();
    return as_json(200, {{"reset", "all"}});
}

HttpResponse Core::change_faults(const HttpRequest& request) {
    if (request.method == "PUT") {
        const std::string trouble = load_faults(request.body);
        if (!trouble.empty()) return problem(400, trouble);
    } else if (request.method != "GET") {
        return problem(405, "GET or PUT");
    }
    return as_json(200, faults_.describe());
}

}  // namespace spillway::sandbox
