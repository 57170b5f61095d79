#pragma once
// The Provider port: how to talk to one accounting provider, without doing I/O. A provider turns canonical records into
// exact request bytes and answers into one outcome per object; who sends, waits, retries and stores is the caller's
// affair. Every function is pure; every fact about a provider lives behind this port.

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/transport.hpp"
#include "schema/record.hpp"
#include "schema/result.hpp"
#include "schema/secret.hpp"

namespace spillway {

enum class Verb { create, update, void_, remove };
std::string_view to_string(Verb verb);
std::optional<Verb> verb_from(std::string_view word);

/// One provider object that a record is. A record has a set of them, told apart by role: "document", "customer",
/// "vendor", "payment:INV-1" (one payment per invoice in Xero), "allocation:INV-1".
struct Link {
    std::string role, entity;  ///< entity: the provider's word, "Invoices" (Xero), "Invoice" (QBO)
    std::string id;            ///< the provider's id
    std::string version;       ///< QBO: SyncToken; Xero: empty, but of an item its Code, which lines name
    std::string
        owned_hash;  ///< hash of the fields we own, as the provider last returned them; drift shows as a difference
    std::int64_t record_version = 0;  ///< the record's version last written to it
    bool voided = false;
};

/// How one connection's records become the provider's: chosen by a person from the organisation's own lists.
struct Mapping {
    std::string sales_account;                     ///< Account::code
    std::string payment_account;                   ///< Account::code of the clearing account
    std::string tax_code;                          ///< TaxRate::code for lines that name none
    std::map<std::string, std::string> accounts;   ///< the caller's word -> Account::code
    std::map<std::string, std::string> tax_codes;  ///< the caller's word -> TaxRate::code
    Decimal rounding_bound;                        ///< largest tolerated |stated total − predicted total|
    std::string document_status = "authorised";    ///< authorised | draft (Xero only)
};
std::string write_mapping(const Mapping& mapping);
/// Strict. Errors: invalid with pointer.
Result<Mapping> read_mapping(std::string_view text);

/// What is known of an organisation; read when connecting and refreshed, cached as JSON.
struct Books {
    std::string tenant_id, name;
    Currency base_currency{"GBP"};
    std::string country;
    std::optional<Date> locked_until;  ///< documents dated on or before it are refused
    bool custom_numbers = true;        ///< QBO: Preferences.SalesFormsPrefs.CustomTxnNumbers
    bool us_sales_tax = false;         ///< QBO US companies: lines say TAX or NON
    std::vector<Account> accounts;
    std::vector<TaxRate> tax_rates;
};
std::string write_books(const Books& books);
Result<Books> read_books_text(std::string_view text);

/// A record with all that is needed to write it.
struct Subject {
    RecordKind kind;
    std::string external_id;
    std::int64_t version = 1;
    Record record;
    bool voided = false;
    std::vector<Link> links;
    std::map<Reference, std::vector<Link>> referents;  ///< links of the records that it names
    std::map<Reference, Currency> currencies{};        ///< of the invoices among them, as last accepted
};

struct Step {
    Verb verb = Verb::create;
    std::string role, entity;
};

/// One object, ready to be a member of a call; durable inside the intent, so that it can be looked up after any crash.
struct PreparedObject {
    Verb verb = Verb::create;
    std::string role, entity;
    std::string body;                           ///< the element's exact JSON
    std::string marker;                         ///< what a look-up searches for: number, code, name or reference tag
    std::string provider_id, provider_version;  ///< of the object that is updated, voided or removed
    std::string counterparty;                   ///< provider id of the contact, where it has one
    std::optional<Decimal> total;               ///< the provider's total as predicted
    std::optional<Date> date;
    std::string extra;  ///< provider's own (JSON), e.g. a payment's invoice id
};
std::string write_object(const PreparedObject& object);
Result<PreparedObject> read_object(std::string_view text);

enum class CallClass { read, write, batch };  ///< batch: counts against QBO's batch limits too

/// One HTTP request to the provider's API, without authorisation.
struct PreparedCall {
    std::string method, target, body;
    HttpHeaders headers{};    ///< content type, idempotency key, tenant ...
    std::string key{};        ///< idempotency key, for writes: 32 hexadecimal digits of ours
    std::string operation{};  ///< for metrics and logs: "PUT Invoices", "batch"
    CallClass call_class = CallClass::read;
};

/// What the provider says of one object of a write.
struct ElementOutcome {
    enum class Kind { applied, rejected, throttled, unavailable, unauthorised, unknown };
    Kind kind = Kind::unknown;
    Error error{};                   ///< unless applied: code, the provider's words, request id
    std::optional<Link> link{};      ///< applied: record_version is left to the caller; remove: none
    std::optional<Decimal> total{};  ///< the total that the provider computed
    bool taken = false;              ///< rejected because number, code or name is taken: look up, it may be ours
    bool stale = false;              ///< rejected because our provider_version is old: read again, then update
    bool holds = true;               ///< applied: false where it was found in the books with other content
    std::string advice{};            ///< suggested fix for people
    std::vector<std::string> warnings{};
};

/// An object as read from the provider.
struct RemoteObject {
    std::string entity, id, version, owned_hash, marker, counterparty;
    std::optional<Decimal> total;
    std::optional<Date> date;
    bool live = true;  ///< not voided, deleted, archived
    std::string body;  ///< its JSON
};

struct Verdict {
    enum class Kind { absent, ours, foreign, ambiguous, inconclusive };
    Kind kind = Kind::inconclusive;
    std::optional<Link> link{};      ///< ours
    std::optional<Decimal> total{};  ///< ours
    std::string detail{};            ///< foreign, ambiguous: both shown, for people
    bool holds = true;               ///< ours: false where what was found differs from what was sent and can be updated
};

struct Tenant {
    std::string id, name;
    std::string connection_id;  ///< Xero: id for DELETE /connections/{id}
};

/// What a consent says of the organisations that it opens, before any of it is proven.
struct ConsentClaims {
    std::string realm;     ///< QBO: realmId of the callback's query, which whoever called back may have changed
    std::string event_id;  ///< Xero, of the token: what this consent named; empty: all that its user ever named
};

/// What an answer's headers and status say of limits.
struct LimitSignals {
    enum class Problem { none, minute, day, concurrent, app_minute, unspecified };
    Problem problem = Problem::none;
    std::optional<std::chrono::seconds> retry_after{};
    std::optional<int> minute_remaining{}, day_remaining{}, app_minute_remaining{};
};

/// Limits as the provider publishes them.
struct LimitProfile {
    struct Window {
        std::string name;  ///< "minute", "second", "batch_minute"
        int calls = 0;
        Millis span{60'000};
        bool batch_only = false;
        bool app_wide = false;  ///< counts over all tenants of the provider app
    };
    std::vector<Window> windows;
    int concurrent = 5;
    std::optional<int> day;            ///< calls per sliding 24 h and tenant
    Millis throttled_default{60'000};  ///< wait after a 429 without Retry-After
};

struct ProviderTimes {
    Millis key_memory_used{4 * 60 * 1000};  ///< how long an unknown call may be re-sent with its key, monotonic
    Millis quiet{60'000};                   ///< a look-up may say "absent" only that long after the last possible send
};

struct MappingProblem {
    std::string pointer, code, detail;
};

class Provider {
 public:
    virtual ~Provider() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;  ///< "xero", "qbo"
    [[nodiscard]] virtual LimitProfile limits() const = 0;
    [[nodiscard]] virtual ProviderTimes times() const = 0;

    // Writing
    /// The outstanding steps of a record in order; empty when the books already hold its version. Whole-record refusals
    /// that need no look at the provider (number too long, kind not supported, unmapped code, locked period, total
    /// beyond the bound) come from prepare.
    [[nodiscard]] virtual std::vector<Step> plan(const Subject& subject) const = 0;
    /// A step that takes something away for a newer version is refused with whatever would refuse that version, so that
    /// the books never lose an object for one that cannot be written.
    /// @param read  the objects of these roles as they are now, those that were found; other records' may be among
    /// them. Errors: rejected with code and detail (to be parked); conflict/`drift` when a person changed owned fields
    /// in the books.
    [[nodiscard]] virtual Result<PreparedObject> prepare(const Subject& subject, const Step& step,
                                                         const Mapping& mapping, const Books& books,
                                                         std::span<const RemoteObject> read) const = 0;
    /// Roles of the subject's objects that are read before a step is prepared.
    [[nodiscard]] virtual std::vector<std::string> reads_before(const Subject& subject, const Step& step) const = 0;
    /// Objects with equal batch words may share a call; `size` is the most that one call takes.
    struct BatchRule {
        std::string word;
        std::size_t size = 1;
        std::size_t bytes_max = 1u << 20;
    };
    [[nodiscard]] virtual BatchRule batch_rule(const Step& step) const = 0;
    [[nodiscard]] virtual PreparedCall assemble(std::string_view tenant, std::span<const PreparedObject> objects,
                                                std::string key) const = 0;
    /// One outcome per object, in their order, whatever came back.
    [[nodiscard]] virtual std::vector<ElementOutcome> read_answer(std::span<const PreparedObject> objects,
                                                                  const SendResult& answer) const = 0;

    // Reading
    /// Calls that read these objects by id, or search for what these unknown or refused writes may have made.
    [[nodiscard]] virtual std::vector<PreparedCall> read_by_id(std::string_view tenant,
                                                               std::span<const Link> links) const = 0;
    [[nodiscard]] virtual std::vector<PreparedCall> look_up(std::string_view tenant,
                                                            std::span<const PreparedObject> objects) const = 0;
    /// Errors: unavailable, throttled, unauthorised (the answer decides nothing).
    [[nodiscard]] virtual Result<std::vector<RemoteObject>> read_objects(const PreparedCall& call,
                                                                         const SendResult& answer) const = 0;
    /// Judges one write by everything that its look-ups returned.
    [[nodiscard]] virtual Verdict judge(const PreparedObject& object, std::span<const RemoteObject> found) const = 0;

    // The organisation
    /// Whether a token set opens one organisation (QBO), and not all that its user named (Xero).
    [[nodiscard]] virtual bool one_tenant_per_grant() const = 0;
    /// The call that shows which organisations a token opens, whatever the claims say. Errors: invalid/`bad_realm`.
    [[nodiscard]] virtual Result<PreparedCall> tenants_call(const ConsentClaims& claims) const = 0;
    /// Errors: forbidden/`other_company` (the token does not open what was claimed); unavailable, throttled,
    /// unauthorised (nothing is proven).
    [[nodiscard]] virtual Result<std::vector<Tenant>> read_tenants(const ConsentClaims& claims,
                                                                   const SendResult& answer) const = 0;
    [[nodiscard]] virtual std::vector<PreparedCall> books_calls(std::string_view tenant) const = 0;
    [[nodiscard]] virtual Result<Books> read_books(std::string_view tenant,
                                                   std::span<const SendResult> answers) const = 0;
    [[nodiscard]] virtual Mapping propose(const Books& books) const = 0;
    [[nodiscard]] virtual std::vector<MappingProblem> check(const Mapping& mapping, const Books& books) const = 0;

    // The wire
    /// Adds host-independent headers and the bearer token.
    [[nodiscard]] virtual HttpRequest request(const PreparedCall& call, std::string_view tenant,
                                              const Secret& access_token) const = 0;
    [[nodiscard]] virtual LimitSignals limit_signals(const HttpResponse& response) const = 0;
    /// Opens the object in the provider's own site.
    [[nodiscard]] virtual std::string object_url(const Link& link) const = 0;
};

}  // namespace spillway
