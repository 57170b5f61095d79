// What tests ask of the service through its API.

#include "tests/simulation/world.hpp"

namespace spillway::test {

std::string World::connect(const std::string& provider) {
    if (partner_.empty()) partner_ = make_partner("Simulated partner");
    return connect(provider, partner_, "");
}

std::string World::make_partner(const std::string& name) {
    return ok("POST", "/v1/partners", R"({"name":")" + name + "\"}")["id"].string_or("");
}

std::string World::consent(const std::string& provider, const std::string& partner, const std::string& reconnect,
                           std::size_t company) {
    const auto consent = reconnect.empty() ? ok("POST", "/v1/partners/" + partner + "/connections",
                                                R"({"provider":")" + provider + "\"}")
                                           : ok("POST", "/v1/connections/" + reconnect + "/reconnect", "{}");
    const auto url = consent["consent_url"].string_or("");
    const auto origin = oauth::origin_of(url);
    HttpRequest page;
    page.target = url.substr(origin->size());
    auto form = *parse_form(page.query());
    const auto tenant = ledger(provider, company);
    form.emplace_back(provider == "xero" ? "tenant" : "realm", tenant["id"].string_or(""));
    form.emplace_back("decision", "allow");
    const auto answer = sandbox("POST", std::string(page.path()), encode_form(form));
    const auto location = std::string(answer.headers.find("Location").value_or(""));
    if (answer.status != 302 || location.empty())
        throw std::runtime_error("no redirect after consent: " + std::to_string(answer.status) + answer.body);
    return location.substr(oauth::origin_of(location)->size());
}

std::string World::connect(const std::string& provider, const std::string& partner, const std::string& reconnect,
                           std::size_t company) {
    const auto callback = api("GET", consent(provider, partner, reconnect, company));
    if (callback.status >= 400) throw std::runtime_error("callback: " + callback.body);
    if (!reconnect.empty()) return reconnect;
    const auto tenant = ledger(provider, company)["id"].string_or("");
    const auto list = ok("GET", "/v1/connections?provider=" + provider);
    for (const auto& [name, value] : list.members())
        for (const auto& connection : value.items())
            if (connection["tenant_id"].string_or("") == tenant && connection["state"].text() != "disconnected")
                return connection["id"].string_or("");
    throw std::runtime_error("no connection was made");
}

int World::put(const std::string& connection, const std::string& kind, const std::string& external_id,
               const std::string& body) {
    return api("PUT", "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id), body)
        .status;
}

int World::void_record(const std::string& connection, const std::string& kind, const std::string& external_id) {
    return api("POST",
               "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id) + "/void")
        .status;
}

JsonValue World::record(const std::string& connection, const std::string& kind, const std::string& external_id) {
    return ok("GET", "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id));
}

std::size_t World::jobs(const std::string& connection, const std::string& states) {
    const auto list = ok("GET", "/v1/jobs?limit=200&connection_id=" + connection + "&state=" + percent_encode(states));
    for (const auto& [name, value] : list.members())
        if (value.is_array()) return value.items().size();
    return 0;
}

bool World::quiet(const std::string& connection, Millis limit) {
    const auto until = clock_.steady_now() + limit;
    while (jobs(connection, "waiting,scheduled,running,unknown") != 0) {
        if (clock_.steady_now() >= until) return false;
        clock_.run_for(Millis{1'000});
    }
    return true;
}

bool World::reaches(const std::string& connection, const std::string& kind, const std::string& external_id,
                    const std::string& state, Millis limit) {
    const auto until = clock_.steady_now() + limit;
    while (state_of(connection, kind, external_id) != state) {
        if (clock_.steady_now() >= until) return false;
        clock_.run_for(Millis{50});
    }
    return true;
}

std::string World::start_sync(const std::string& connection) {
    return ok("POST", "/v1/connections/" + connection + "/syncs")["id"].string_or("");
}

bool World::sync_done(const std::string& connection, const std::string& sync) {
    return ok("GET", "/v1/connections/" + connection + "/syncs/" + sync)["state"].string_or("") == "done";
}

bool World::finish(const std::string& connection, const std::string& sync, Millis limit) {
    const auto until = clock_.steady_now() + limit;
    while (!sync_done(connection, sync)) {
        if (clock_.steady_now() >= until) return false;
        clock_.run_for(Millis{2'000});
    }
    return true;
}

std::string World::state_of(const std::string& connection, const std::string& kind, const std::string& external_id) {
    const auto record =
        ok("GET", "/v1/connections/" + connection + "/records/" + kind + "/" + percent_encode(external_id));
    return record["job"]["state"].string_or(record["state"].string_or(""));
}

}  // namespace spillway::test
