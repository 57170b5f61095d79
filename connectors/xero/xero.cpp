#include "connectors/xero/xero.hpp"

#include "connectors/xero/answers.hpp"
#include "connectors/xero/books.hpp"
#include "connectors/xero/calls.hpp"
#include "connectors/xero/judge.hpp"
#include "connectors/xero/mapping.hpp"
#include "connectors/xero/plan.hpp"
#include "connectors/xero/words.hpp"

namespace spillway {
namespace {

class Xero final : public Provider {
 public:
    explicit Xero(int calls_per_day) : calls_per_day_(calls_per_day) {}
    [[nodiscard]] std::string_view name() const override { return "xero"; }

    // Xero's developer FAQ "Limits".
    [[nodiscard]] LimitProfile limits() const override {
        LimitProfile profile;
        profile.windows = {{.name = "minute", .calls = 60}, {.name = "app_minute", .calls = 10'000, .app_wide = true}};
        profile.concurrent = 5;
        profile.day = calls_per_day_;
        return profile;
    }
    // A key is remembered for 6 minutes (docs "Idempotency"). After what time a write that was under way can be read is
    // not documented: a minute is assumed.
    [[nodiscard]] ProviderTimes times() const override { return {}; }

    [[nodiscard]] std::vector<Step> plan(const Subject& subject) const override { return xero::plan(subject); }
    [[nodiscard]] Result<PreparedObject> prepare(const Subject& subject, const Step& step, const Mapping& mapping,
                                                 const Books& books,
                                                 std::span<const RemoteObject> read) const override {
        return xero::prepare(subject, step, mapping, books, read);
    }
    [[nodiscard]] std::vector<std::string> reads_before(const Subject&, const Step& step) const override {
        return xero::reads_before(step);
    }
    [[nodiscard]] BatchRule batch_rule(const Step& step) const override { return xero::batch_rule(step); }
    [[nodiscard]] PreparedCall assemble(std::string_view tenant, std::span<const PreparedObject> objects,
                                        std::string key) const override {
        return xero::assemble(tenant, objects, std::move(key));
    }
    [[nodiscard]] std::vector<ElementOutcome> read_answer(std::span<const PreparedObject> objects,
                                                          const SendResult& answer) const override {
        return xero::read_answer(objects, answer);
    }

    [[nodiscard]] std::vector<PreparedCall> read_by_id(std::string_view tenant,
                                                       std::span<const Link> links) const override {
        return xero::read_by_id(tenant, links);
    }
    [[nodiscard]] std::vector<PreparedCall> look_up(std::string_view tenant,
                                                    std::span<const PreparedObject> objects) const override {
        return xero::look_up(tenant, objects);
    }
    [[nodiscard]] Result<std::vector<RemoteObject>> read_objects(const PreparedCall& call,
                                                                 const SendResult& answer) const override {
        return xero::read_objects(call, answer);
    }
    [[nodiscard]] Verdict judge(const PreparedObject& object, std::span<const RemoteObject> found) const override {
        return xero::judge(object, found);
    }

    [[nodiscard]] bool one_tenant_per_grant() const override { return false; }
    // authEventId: XeroAPI/Xero-OpenAPI xero-identity.yaml, read in 2026. A tenant that consents again keeps the id of
    // its first consent (reported, not documented): the list of its later one lacks it.
    [[nodiscard]] Result<PreparedCall> tenants_call(const ConsentClaims& claims) const override {
        PreparedCall call{.method = "GET", .target = "/connections", .body = {}};
        if (!claims.event_id.empty()) call.target += "?authEventId=" + percent_encode(claims.event_id);
        call.operation = "GET connections";
        return call;
    }
    [[nodiscard]] Result<std::vector<Tenant>> read_tenants(const ConsentClaims&,
                                                           const SendResult& answer) const override {
        return xero::read_tenants(answer);
    }
    [[nodiscard]] std::vector<PreparedCall> books_calls(std::string_view tenant) const override {
        return xero::books_calls(tenant);
    }
    [[nodiscard]] Result<Books> read_books(std::string_view tenant,
                                           std::span<const SendResult> answers) const override {
        return xero::read_books(tenant, answers);
    }
    [[nodiscard]] Mapping propose(const Books& books) const override { return xero::propose(books); }
    [[nodiscard]] std::vector<MappingProblem> check(const Mapping& mapping, const Books& books) const override {
        return xero::check(mapping, books);
    }

    [[nodiscard]] HttpRequest request(const PreparedCall& call, std::string_view tenant,
                                      const Secret& access_token) const override {
        HttpRequest request{.method = call.method, .target = call.target, .headers = call.headers, .body = call.body};
        request.headers.set("Authorization", "Bearer " + access_token.reveal());
        request.headers.set("Accept", "application/json");  // without it the answer is XML
        if (!tenant.empty()) request.headers.set("xero-tenant-id", std::string(tenant));
        return request;
    }
    [[nodiscard]] LimitSignals limit_signals(const HttpResponse& response) const override {
        return xero::limit_signals(response);
    }

    // docs "Deep linking into Xero". There is none for a payment.
    [[nodiscard]] std::string object_url(const Link& link) const override {
        const std::string site = "https://go.xero.com/";
        if (link.entity == xero::kInvoices) return site + "AccountsReceivable/View.aspx?InvoiceID=" + link.id;
        if (link.entity == xero::kCreditNotes)
            return site + "AccountsReceivable/ViewCreditNote.aspx?creditNoteID=" + link.id;
        if (link.entity == xero::kAllocations)
            return site + "AccountsReceivable/ViewCreditNote.aspx?creditNoteID=" + link.id.substr(0, link.id.find('/'));
        if (link.entity == xero::kContacts) return site + "Contacts/View/" + link.id;
        return {};
    }

 private:
    int calls_per_day_;
};

}  // namespace

std::unique_ptr<Provider> make_xero(int calls_per_day) { return std::make_unique<Xero>(calls_per_day); }

}  // namespace spillway
