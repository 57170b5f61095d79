#pragma once
// The REST API as a command uses it: one call after the other, each waited for. Owns its loop and transport.

#include <memory>
#include <string>
#include <vector>

#include "schema/clock.hpp"
#include "schema/json_value.hpp"
#include "schema/result.hpp"
#include "schema/runtime/http_message.hpp"
#include "schema/secret.hpp"

namespace spillway::cli {

class Client {
 public:
    /// `url` is the service's origin ("http://127.0.0.1:8787"). Errors: invalid/`bad_url`.
    static Result<std::unique_ptr<Client>> create(std::string url, Secret key);
    ~Client();

    /// One request to any origin, with no key. Errors: unavailable/`not_reachable`.
    Result<HttpResponse> send(const std::string& origin, HttpRequest request);
    /// One request to the service, with the key. Errors: as send.
    Result<HttpResponse> send(HttpRequest request);

    /// A call that answers JSON. Errors: as send; for every status from 400 the problem's code and detail, invalid for
    /// what the caller did wrong.
    Result<JsonValue> get(std::string target);
    Result<JsonValue> post(std::string target, std::string json = {});
    Result<JsonValue> patch(std::string target, std::string json);
    /// Every item of a paged list, page by page.
    Result<std::vector<JsonValue>> all(const std::string& target);

    /// How long a call goes on trying while the service does not answer; zero at first. For waits that are to outlive
    /// a restart of the service; only for calls that may be sent twice.
    void set_patience(Millis patience);
    void sleep(Millis span);
    [[nodiscard]] SteadyTime now() const;
    [[nodiscard]] const std::string& url() const;

 private:
    struct Core;
    explicit Client(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

/// The error that a problem+json answer states.
Error problem_of(const HttpResponse& response);

}  // namespace spillway::cli
