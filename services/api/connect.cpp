// Connecting an organisation: consent is asked for here, and the provider's redirect comes back here.

#include "schema/json_text.hpp"
#include "services/api/operations.hpp"
#include "services/http/problem.hpp"

namespace spillway::api {
namespace {

/// Absolute http or https, without white space or control characters: it becomes a Location header. Empty is fine.
Result<std::string> read_return_url(const JsonValue& body) {
    auto given = optional_text(body, "return_url", 2048);
    if (!given.ok()) return std::move(given).error();
    if (!*given) return std::string();
    const std::string& url = **given;
    const bool scheme = url.starts_with("https://") || url.starts_with("http://");
    const bool plain = std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!scheme || !plain || url.find('#') != std::string::npos)
        return invalid("bad_url", "must be an http or https URL without a fragment", "/return_url");
    return url;
}

Reply consent_reply(const Result<sync::Consent>& consent) {
    if (!consent.ok()) return problem_reply(consent.error());
    JsonText json;
    json.object().member("consent_url", consent->url).member("state", consent->state).close();
    return json_response(201, std::move(json).take());
}

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += c;
        }
    }
    return out;
}

HttpResponse small_page(int status, std::string_view title, std::string_view text) {
    HttpResponse response;
    response.status = status;
    response.headers.set("Content-Type", "text/html; charset=utf-8");
    response.headers.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    response.headers.set("Referrer-Policy", "no-referrer");  // the query holds the provider's code
    response.headers.set("Cache-Control", "no-store");
    response.body = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>" + escape_html(title) +
                    "</title><h1>" + escape_html(title) + "</h1><p>" + escape_html(text) + "</p></html>\n";
    return response;
}

HttpResponse connected(const sync::SyncService::Connected& result) {
    std::string ids;
    for (const auto& id : result.connections) ids += (ids.empty() ? "" : ",") + id.value;
    if (result.return_url.empty())
        return small_page(200, "Connected", "Connected as " + ids + ". You can close this window.");
    HttpResponse response;
    response.status = 302;
    const char joint = result.return_url.find('?') == std::string::npos ? '?' : '&';
    response.headers.set("Location", result.return_url + joint + "connection_id=" + percent_encode(ids));
    response.headers.set("Referrer-Policy", "no-referrer");
    response.headers.set("Cache-Control", "no-store");
    return response;
}

}  // namespace

awaitable<Reply> start_connect(Call& call) {
    const auto body = read_object_body(call, {"provider", "return_url"});
    if (!body.ok()) co_return problem_reply(body.error());
    auto provider = required_text(*body, "provider", 20);
    if (!provider.ok()) co_return problem_reply(provider.error());
    if (!call.context().providers.contains(*provider))
        co_return problem_reply(invalid("unknown_provider", "there is no such provider here", "/provider"));
    auto url = read_return_url(*body);
    if (!url.ok()) co_return problem_reply(url.error());
    if (call.named.partner->state == "suspended")
        co_return problem_reply(Error{ErrorKind::conflict, "partner_suspended", "the partner is suspended"});
    const auto consent =
        co_await call.context().sync.start_connect(call.named.partner->id, *provider, std::nullopt, *url);
    co_return consent_reply(consent);
}

awaitable<Reply> reconnect_connection(Call& call) {
    const auto body = read_object_body(call, {"return_url"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    auto url = read_return_url(*body);
    if (!url.ok()) co_return problem_reply(url.error());
    const auto& row = *call.named.connection;
    const auto consent = co_await call.context().sync.start_connect(row.partner, row.provider, row.id, *url);
    co_return consent_reply(consent);
}

awaitable<Reply> finish_connect(Call& call) {
    const auto text = [&call](std::string_view name) { return call.argument(name).value_or(""); };
    std::string state = text("state"), code = text("code"), realm = text("realmId"), error = text("error");
    if (state.empty()) co_return small_page(400, "Not connected", "The answer names no consent of ours.");
    const auto result = co_await call.context().sync.finish_connect(std::move(state), std::move(code), std::move(realm),
                                                                    std::move(error));
    if (result.ok()) co_return connected(*result);
    const Error& problem = result.error();
    const int status = problem.kind == ErrorKind::rejected ? 502 : http::http_status_of(problem.kind);
    co_return small_page(status, "Not connected",
                         problem.kind == ErrorKind::bug ? "Something went wrong." : problem.detail);
}

}  // namespace spillway::api
