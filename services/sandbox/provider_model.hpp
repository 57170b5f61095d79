#pragma once
// What the sandbox plays: one model per provider, pure (no I/O, no threads), on injected time, seeded.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "schema/clock.hpp"
#include "schema/runtime/http_message.hpp"

namespace spillway::sandbox {

/// Time as the provider sees it at one request.
struct Now {
    WallTime wall;
    SteadyTime steady;
};

class ProviderModel {
 public:
    virtual ~ProviderModel() = default;

    /// "xero" or "qbo": the word in control paths and fault rules.
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Whether a request path belongs to this provider (API, OAuth pages, token endpoint).
    [[nodiscard]] virtual bool owns(const HttpRequest& request) const = 0;
    /// Whether the request would change the books (for fault rules on writes).
    [[nodiscard]] virtual bool is_write(const HttpRequest& request) const = 0;
    /// Plays one request to its full effect and gives the provider's answer. Never throws.
    virtual HttpResponse handle(const HttpRequest& request, Now now) = 0;

    /// A request arrives, before any latency; end() follows for each that was let in. A model with a limit on calls in
    /// flight gives the refusal here. The request stays at its address until end().
    virtual std::optional<HttpResponse> begin(const HttpRequest&, Now) { return std::nullopt; }
    virtual void end(const HttpRequest&) {}
    /// A fault rule's `answer` goes to the caller instead of the model's; `applied` when the effect took place all the
    /// same. Models that replay answers by key keep it.
    virtual void remember(const HttpRequest&, Now, const HttpResponse& /*answer*/, bool /*applied*/) {}

    /// The books and the call counts, for the control API (see README.md of this folder for the shape).
    [[nodiscard]] virtual nlohmann::json ledger() const = 0;
    /// Back to the seeded start: empty books, no tokens, full limits.
    virtual void reset() = 0;
    /// Model switches at run time (disputed provider facts, tenant settings, "revoke every token of tenant X").
    /// @return a problem for people, or empty when all was applied.
    virtual std::string configure(const nlohmann::json& settings) = 0;
};

}  // namespace spillway::sandbox
