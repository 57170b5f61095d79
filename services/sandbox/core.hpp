#pragma once
// The sandbox between its HTTP server and its models: finds the model that owns a request, applies the fault rules, and
// answers the control API under /_sandbox. Runs on the loop's one thread.

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "services/http/server.hpp"
#include "services/sandbox/faults.hpp"
#include "services/sandbox/provider_model.hpp"

namespace spillway::sandbox {

class Core {
 public:
    Core(Clock& clock, std::uint64_t seed) : clock_(clock), faults_(seed) {}

    void add(std::unique_ptr<ProviderModel> model) { models_.push_back(std::move(model)); }
    /// The rules of a faults file. @return a problem for people, or empty.
    std::string load_faults(std::string_view document);
    /// The server's handler. Every wait is a fault rule's latency.
    boost::asio::awaitable<http::Reply> serve(HttpRequest request);

 private:
    boost::asio::awaitable<http::Reply> play(ProviderModel& model, HttpRequest request);
    boost::asio::awaitable<http::Reply> play_admitted(ProviderModel& model, const HttpRequest& request);
    HttpResponse control(const HttpRequest& request);
    HttpResponse control_provider(const HttpRequest& request, std::string_view provider, std::string_view verb);
    HttpResponse reset(const HttpRequest& request);
    HttpResponse change_faults(const HttpRequest& request);
    ProviderModel* find(std::string_view name);
    [[nodiscard]] Now now() const { return {clock_.wall_now(), clock_.steady_now()}; }

    Clock& clock_;
    Faults faults_;
    std::vector<std::unique_ptr<ProviderModel>> models_;
};

}  // namespace spillway::sandbox
