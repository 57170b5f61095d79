#include "connectors/qbo/qbo.hpp"

#include "connectors/qbo/answers.hpp"
#include "connectors/qbo/books.hpp"
#include "connectors/qbo/calls.hpp"
#include "connectors/qbo/plan.hpp"
#include "connectors/qbo/prepare.hpp"
#include "connectors/qbo/remote.hpp"
#include "connectors/qbo/words.hpp"

namespace spillway {
namespace {

/// Pages of the web site; assumed, they are not documented. A list where one object has no page of its own.
std::string page_of(const Link& link) {
    const std::string id = percent_encode(link.id);
    if (link.entity == qbo::kInvoice) return "invoice?txnId=" + id;
    if (link.entity == qbo::kCreditMemo) return "creditmemo?txnId=" + id;
    if (link.entity == qbo::kPayment) return "recvpayment?txnId=" + id;
    if (link.entity == qbo::kCustomer) return "customerdetail?nameId=" + id;
    if (link.entity == qbo::kVendor) return "vendordetail?nameId=" + id;
    return "items";
}

class Qbo final : public Provider {
 public:
    std::string_view name() const override { return "qbo"; }

    /// developer.intuit.com, "API call limits and throttles": 500 a minute per company, 10 a second and 40 batches a
    /// minute per company and app. Ten at once is the older wording of the 10 a second; both are obeyed. After a 429
    /// Intuit advises 60 seconds.
    LimitProfile limits() const override {
        LimitProfile profile;
        profile.windows = {
            {"minute", 500, Millis(60'000)}, {"second", 10, Millis(1'000)}, {"batch_minute", 40, Millis(60'000), true}};
        profile.concurrent = 10;
        profile.day = std::nullopt;
        profile.throttled_default = Millis(60'000);
        return profile;
    }
    /// How long a requestid is remembered is not documented: four minutes are trusted. The server ends a request after
    /// 120 seconds, so 150 after the last send nothing of it is under way any more.
    ProviderTimes times() const override { return {Millis(4 * 60 * 1000), Millis(150'000)}; }

    std::vector<Step> plan(const Subject& subject) const override { return qbo::plan_steps(subject); }
    Result<PreparedObject> prepare(const Subject& subject, const Step& step, const Mapping& mapping, const Books& books,
                                   std::span<const RemoteObject> read) const override {
        return qbo::prepare_object(subject, step, mapping, books, read);
    }
    std::vector<std::string> reads_before(const Subject&, const Step& step) const override {
        return qbo::roles_read_before(step);
    }
    BatchRule batch_rule(const Step& step) const override { return qbo::batch_rule_of(step); }
    PreparedCall assemble(std::string_view tenant, std::span<const PreparedObject> objects,
                          std::string key) const override {
        return qbo::write_call(tenant, objects, std::move(key));
    }
    std::vector<ElementOutcome> read_answer(std::span<const PreparedObject> objects,
                                            const SendResult& answer) const override {
        return qbo::read_write_answer(objects, answer);
    }

    std::vector<PreparedCall> read_by_id(std::string_view tenant, std::span<const Link> links) const override {
        return qbo::reads_by_id(tenant, links);
    }
    std::vector<PreparedCall> look_up(std::string_view tenant, std::span<const PreparedObject> objects) const override {
        return qbo::look_ups(tenant, objects);
    }
    Result<std::vector<RemoteObject>> read_objects(const PreparedCall& call, const SendResult& answer) const override {
        return qbo::read_remote_objects(call, answer);
    }
    Verdict judge(const PreparedObject& object, std::span<const RemoteObject> found) const override {
        return qbo::judge_write(object, found);
    }

    bool one_tenant_per_grant() const override { return true; }
    Result<PreparedCall> tenants_call(const ConsentClaims& claims) const override {
        return qbo::company_call(claims.realm);
    }
    Result<std::vector<Tenant>> read_tenants(const ConsentClaims& claims, const SendResult& answer) const override {
        return qbo::read_claimed_company(claims.realm, answer);
    }
    std::vector<PreparedCall> books_calls(std::string_view tenant) const override { return qbo::company_calls(tenant); }
    Result<Books> read_books(std::string_view tenant, std::span<const SendResult> answers) const override {
        return qbo::read_company(tenant, answers);
    }
    Mapping propose(const Books& books) const override { return qbo::proposed_mapping(books); }
    std::vector<MappingProblem> check(const Mapping& mapping, const Books& books) const override {
        return qbo::mapping_problems(mapping, books);
    }

    HttpRequest request(const PreparedCall& call, std::string_view, const Secret& access_token) const override {
        HttpRequest request{call.method, call.target, call.headers, call.body};
        request.headers.set("Accept", "application/json");
        request.headers.set("Authorization", "Bearer " + access_token.reveal());
        return request;
    }
    LimitSignals limit_signals(const HttpResponse& response) const override { return qbo::signals_of(response); }
    std::string object_url(const Link& link) const override {
        return "https://app.qbo.intuit.com/app/" + page_of(link);
    }
};

}  // namespace

std::unique_ptr<Provider> make_qbo() { return std::make_unique<Qbo>(); }

}  // namespace spillway
