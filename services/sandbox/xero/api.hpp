#pragma once
// What the entity files share: one authorised call, the course of a batch, lists with filters and pages.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/json_text.hpp"
#include "schema/json_value.hpp"
#include "services/sandbox/provider_model.hpp"
#include "services/sandbox/xero/books.hpp"
#include "services/sandbox/xero/switches.hpp"
#include "services/sandbox/xero/wire.hpp"

namespace spillway::sandbox::xero {

using Form = std::vector<std::pair<std::string, std::string>>;

/// One request under /api.xro/2.0 that is authorised and within the limits.
struct Call {
    const HttpRequest& http;
    std::vector<std::string> path;  ///< decoded, after the version: {"Invoices", "<id>"}
    Form query;
    Now now;
    Books& books;
    const Switches& switches;
    Ids& ids;
    std::string app_name;

    [[nodiscard]] std::string_view method() const { return http.method; }
    [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name, bool fallback) const;
    /// Places of unit prices: 4 with unitdp=4, else 2.
    [[nodiscard]] int price_places() const { return parameter("unitdp").value_or("") == "4" ? 4 : 2; }
    [[nodiscard]] Rounding rounding() const {
        return switches.round_half_even ? Rounding::half_to_even : Rounding::half_away_from_zero;
    }
};

/// What became of one element of a write.
struct Played {
    std::string id;  ///< of the row; the all-zero id where a create failed
    std::vector<std::string> errors, warnings;
    bool not_found = false;  ///< the whole request is a 404
    static Played failed(std::string error) { return {std::string(Ids::none()), {std::move(error)}, {}, false}; }
    static Played missing() { return {std::string(Ids::none()), {}, {}, true}; }
    [[nodiscard]] bool ok() const { return errors.empty() && !not_found; }
};

/// One kind of entity in a write.
struct BatchKind {
    std::string_view collection;   ///< "Invoices"
    std::string_view id_member;    ///< "InvoiceID"
    std::string_view flag_member;  ///< "HasErrors" or "HasValidationErrors"; empty: none
    /// Validates and applies one element; what a failed one changed is undone.
    std::function<Played(const JsonValue&)> play;
    /// Writes the members of the row with that id into an open object.
    std::function<void(JsonText&, const std::string& id)> write;
};

/// The elements of the body, one by one, and the answer for the position of summarizeErrors.
HttpResponse play_batch(Call& call, const BatchKind& kind);
/// The same for one element that the path names: always answered as a 400 when it fails.
HttpResponse play_one(Call& call, const BatchKind& kind, const JsonValue& element);
/// The body as JSON, or the 400 for it.
Result<JsonValue> read_body(const Call& call);
/// The elements of {"Invoices":[...]}, [...] or {...}.
std::vector<JsonValue> elements_of(const JsonValue& body, std::string_view collection);
HttpResponse malformed_body();

/// Opens the envelope object and writes Id, Status, ProviderName and DateTimeUTC.
void open_envelope(Call& call, JsonText& json);
/// An answer with one collection; `write` writes its elements into the open array.
HttpResponse collection_answer(Call& call, std::string_view collection, const std::function<void(JsonText&)>& write);
void write_messages(JsonText& json, std::string_view member, const std::vector<std::string>& messages);

// One function per endpoint; path[0] is its name.
HttpResponse serve_organisation(Call& call);
HttpResponse serve_accounts(Call& call);
HttpResponse serve_tax_rates(Call& call);
HttpResponse serve_currencies(Call& call);
HttpResponse serve_contacts(Call& call);
HttpResponse serve_items(Call& call);
/// Invoices and CreditNotes.
HttpResponse serve_documents(Call& call);
HttpResponse serve_payments(Call& call);
HttpResponse serve_allocations(Call& call);

}  // namespace spillway::sandbox::xero
