#include "tests/simulation/swarm/business.hpp"

#include "tests/simulation/swarm/streams.hpp"

namespace spillway::test {

namespace {

/// An invoice of 1000.00 is settled by at most so many, of at most 100.50 each, in an old version and a new one.
constexpr std::size_t kSettlersMax = 4;

struct Later final : ScheduledCall {
    explicit Later(std::function<void()> what) : what_(std::move(what)) {}
    void run() override { what_(); }
    std::function<void()> what_;
};

}  // namespace

void call_at(SimClock& clock, SteadyTime when, std::function<void()> what) {
    clock.call_at(when, std::make_unique<Later>(std::move(what)));
}

Business::Business(Parts parts, Place place, std::uint64_t seed)
    : world_(parts.world),
      options_(parts.options),
      findings_(parts.findings),
      trace_(parts.trace),
      place_(std::move(place)),
      random_(stream_of(seed, place_.provider + std::to_string(place_.tenant))) {}

std::string Business::name(const std::string& word, std::uint64_t number) const {
    return word + (place_.provider == "xero" ? "X" : "Q") + std::to_string(place_.tenant) + "-" +
           std::to_string(number) + ".";  // ended, so that no name is the start of another
}

void Business::plan(int records, Millis span) {
    contacts_ = 3 + random_.below(static_cast<std::uint64_t>(records) / 20 + 1);
    items_ = 2 + random_.below(12);
    const auto from = world_.clock().steady_now();
    const auto span_ms = static_cast<std::uint64_t>(span.count());
    const auto spike = options_.spike();
    for (int i = 0; i < records; ++i) {
        const bool in_spike = chance(random_, 70);
        const auto when = in_spike ? spike.at + Millis(random_.below(static_cast<std::uint64_t>(spike.span.count())))
                                   : Millis(random_.below(span_ms * 9 / 10));
        call_at(world_.clock(), from + when, [this] { act(); });
    }
    if (place_.automatic) return;
    for (int i = 0; i < 6; ++i)
        call_at(world_.clock(), from + Millis(random_.below(span_ms)), [this] { ask_for_sync(); });
}

void Business::act() {
    const auto draw = random_.below(100);
    if (draw < 6) return add_plain(chance(random_, 70) ? "contact" : "item");
    if (draw < 50) return add_invoice();
    if (draw < 68) return add_payment();
    if (draw < 78) return add_credit_note();
    if (draw >= 94) return void_one();
    change_one();
    if (chance(random_, 40))
        call_at(world_.clock(), world_.clock().steady_now() + Millis(random_.below(15'000)), [this] { change_one(); });
}

std::string Business::amount(std::uint64_t most) { return std::to_string(1 + random_.below(most)) + ".50"; }

void Business::add(Wanted record) {
    wanted_.push_back(std::move(record));
    submit(wanted_.size() - 1);
}

void Business::add_plain(const std::string& kind) {
    const bool contact = kind == "contact";
    auto& known = contact ? contacts_known_ : items_known_;
    Wanted record;
    record.kind = kind;
    record.id = name(contact ? "C" : "IT", known++);
    record.body = contact ? a_contact("Customer " + record.id) : an_item(record.id);
    add(std::move(record));
}

void Business::complete() {
    while (contacts_known_ < contacts_) add_plain("contact");
    while (items_known_ < items_) add_plain("item");
}

std::string Business::document_body(const Wanted& record, const std::string& total) {
    const auto& contact = record.contact;
    const auto item = name("IT", random_.below(items_));
    auto body = record.kind == "invoice" ? a_document(contact, record.id, item, total)
                                         : a_credit_note(contact, record.id, item, total, record.applied);
    if (place_.currency != "GBP")
        for (auto at = body.find("GBP"); at != std::string::npos; at = body.find("GBP")) body.replace(at, 3, "USD");
    return body;
}

void Business::add_invoice() {
    Wanted record;
    record.kind = "invoice";
    record.id = name("INV", wanted_.size());
    record.contact = name("C", random_.below(contacts_));
    record.settled = chance(random_, 40);
    if (!foreign_.empty() && chance(random_, 20)) {
        record.id = foreign_.back();
        foreign_.pop_back();
        record.foreign = true;
        record.settled = false;
    }
    const auto total = record.settled ? "1000.00" : amount(5'000);
    record.total = *Decimal::parse(total);
    record.body = document_body(record, total);
    if (!record.settled && !record.foreign && options_.has(Fault::bad_records) && chance(random_, 3)) {
        // An account word that nobody mapped.
        const auto item = record.body.find("\"item\"");
        record.body.replace(item, record.body.find(',', item) - item, R"("account":"nowhere")");
        record.refused_by_books = true;
    }
    (record.settled ? settled_ : free_).push_back(wanted_.size());
    add(std::move(record));
}

std::vector<std::size_t> Business::some_settled() {
    std::vector<std::size_t> out;
    for (std::uint64_t left = 1 + random_.below(3); left > 0 && !settled_.empty(); --left) {
        const auto index = settled_[random_.below(settled_.size())];
        const auto& invoice = wanted_[index];
        const bool taken = std::find(out.begin(), out.end(), index) != out.end();
        const bool one_customer = out.empty() || wanted_[out.front()].contact == invoice.contact;
        if (!taken && one_customer && !invoice.voided && invoice.settlers.size() < kSettlersMax) out.push_back(index);
    }
    return out;
}

void Business::settle(Wanted& settler, std::size_t index, const std::vector<std::size_t>& invoices) {
    settler.applied.clear();
    settler.total = {};
    for (const auto invoice : invoices) {
        settler.applied.push_back({wanted_[invoice].id, amount(100)});
        settler.total += *Decimal::parse(settler.applied.back().amount);
        auto& settlers = wanted_[invoice].settlers;
        if (std::find(settlers.begin(), settlers.end(), index) == settlers.end()) settlers.push_back(index);
    }
}

void Business::add_payment() {
    const auto invoices = some_settled();
    if (invoices.empty()) return add_invoice();
    Wanted record;
    record.kind = "payment";
    record.id = name("PAY", wanted_.size());
    record.contact = wanted_[invoices.front()].contact;
    settle(record, wanted_.size(), invoices);
    record.body = a_payment(record.contact, record.total.to_string(), record.applied);
    if (place_.currency != "GBP") record.body.replace(record.body.find("GBP"), 3, "USD");
    payments_.push_back(wanted_.size());
    add(std::move(record));
}

void Business::add_credit_note() {
    Wanted record;
    record.kind = "credit_note";
    record.id = name("CN", wanted_.size());
    const auto invoices = chance(random_, 60) ? some_settled() : std::vector<std::size_t>{};
    record.contact = invoices.empty() ? name("C", random_.below(contacts_)) : wanted_[invoices.front()].contact;
    settle(record, wanted_.size(), invoices);
    const auto total = record.total + *Decimal::parse("5");
    record.total = -total;
    record.body = document_body(record, total.to_string());
    notes_.push_back(wanted_.size());
    add(std::move(record));
}

void Business::change_one() {
    if (chance(random_, 60) && !free_.empty()) {
        // Half of the changes meet what is on its way just now.
        const auto young = std::min<std::size_t>(free_.size(), 4);
        const auto index =
            chance(random_, 50) ? free_[free_.size() - 1 - random_.below(young)] : free_[random_.below(free_.size())];
        auto& record = wanted_[index];
        if (record.voided || record.foreign) return;
        const auto total = amount(5'000);
        record.total = *Decimal::parse(total);
        record.body = document_body(record, total);
        record.refused_by_books = false;
        return submit(index);
    }
    auto& list = chance(random_, 60) ? payments_ : notes_;
    if (list.empty()) return;
    const auto index = list[random_.below(list.size())];
    auto& record = wanted_[index];
    if (record.voided || record.applied.empty()) return;
    // It goes on settling the same invoices, by other amounts: each has room for two versions.
    std::vector<std::size_t> invoices;
    for (std::size_t i = 0; i < wanted_.size(); ++i)
        for (const auto& one : record.applied)
            if (wanted_[i].id == one.invoice) invoices.push_back(i);
    settle(record, index, invoices);
    if (record.kind == "payment") {
        record.body = a_payment(record.contact, record.total.to_string(), record.applied);
        if (place_.currency != "GBP") record.body.replace(record.body.find("GBP"), 3, "USD");
    } else {
        const auto total = record.total + *Decimal::parse("5");
        record.total = -total;
        record.body = document_body(record, total.to_string());
    }
    submit(index);
}

void Business::void_one() {
    const auto draw = random_.below(4);
    const auto& list = draw == 0 ? free_ : draw == 1 ? payments_ : draw == 2 ? notes_ : settled_;
    if (list.empty()) return;
    const auto index = list[random_.below(list.size())];
    auto& record = wanted_[index];
    if (record.voided || record.foreign || record.refused_by_books) return;
    if (draw == 3) return void_settled(index);
    record.voided = true;
    submit(index);
}

/// First what settles it; the invoice once those voids are acknowledged, since only then the order is the service's
/// own.
void Business::void_settled(std::size_t invoice) {
    bool open = false;
    for (const auto settler : wanted_[invoice].settlers) {
        auto& one = wanted_[settler];
        if (!one.voided) {
            one.voided = true;
            submit(settler);
        }
        open = open || !one.was_voided_there;
    }
    if (open) {
        // Nobody settles it any more meanwhile.
        std::erase(settled_, invoice);
        call_at(world_.clock(), world_.clock().steady_now() + Millis(2'000),
                [this, invoice] { void_settled(invoice); });
        return;
    }
    wanted_[invoice].voided = true;
    submit(invoice);
}

void Business::submit(std::size_t index) {
    auto& record = wanted_[index];
    if (record.under_way || record.again) {
        record.again = true;
        return;
    }
    ++unacknowledged_;
    send(index);
}

void Business::send(std::size_t index) {
    auto& record = wanted_[index];
    record.under_way = true;
    record.again = false;
    HttpRequest request;
    // A void of what was never taken has nothing to void: the record comes first.
    const bool voids = record.voided && record.version > 0;
    const auto path =
        "/v1/connections/" + place_.connection + "/records/" + record.kind + "/" + percent_encode(record.id);
    request.method = voids ? "POST" : "PUT";
    request.target = voids ? path + "/void" : path;
    request.headers.add("Content-Type", "application/json");
    if (!voids) request.body = record.body;
    world_.send(std::move(request),
                [this, index, voids](const HttpResponse* answer) { answered(index, answer, voids); });
}

void Business::answered(std::size_t index, const HttpResponse* answer, bool voids) {
    auto& record = wanted_[index];
    const auto now = world_.clock().steady_now();
    record.under_way = false;
    trace_.add(now, voids ? "void" : "put", record.kind + "/" + record.id,
               answer == nullptr ? "no answer" : std::to_string(answer->status));
    const int status = answer == nullptr ? 0 : answer->status;
    if (status == 200 || status == 202) {
        accepted(record, *answer, voids);
        const bool more = record.again || (record.voided && !record.was_voided_there);
        if (more) return send(index);
        --unacknowledged_;
        return;
    }
    if (status != 0 && status != 503 && status != 500) {
        findings_.broken("refused", record.id, "a sound submission got " + std::to_string(status) + " " + answer->body);
        --unacknowledged_;
        return;
    }
    if (status == 500) findings_.broken("failed", record.id, "a submission got 500 " + answer->body);
    if (status == 503) findings_.met("intake_503");
    record.again = true;
    call_at(world_.clock(), now + Millis(500 + random_.below(5'000)), [this, index] {
        if (!wanted_[index].under_way) send(index);
    });
}

void Business::accepted(Wanted& record, const HttpResponse& answer, bool voids) {
    const auto body = parse_json(answer.body);
    const auto version = body.ok() ? (*body)["version"].int64_or(0) : 0;
    const bool rises = answer.status == 202 ? version > record.version : version >= record.version;
    if (!rises)
        findings_.broken("version", record.id,
                         "answered version " + std::to_string(version) + " after " + std::to_string(record.version));
    record.version = version;
    record.job = body.ok() ? (*body)["job_id"].int64_or(0) : 0;
    record.was_voided_there = voids;
    record.acknowledged = world_.clock().steady_now();
    ++acknowledged_;
}

bool Business::all_acknowledged() const { return unacknowledged_ == 0; }

void Business::cancel_one() {
    if (free_.empty()) return;
    const auto index = free_[random_.below(free_.size())];
    auto& record = wanted_[index];
    if (record.voided || record.foreign || record.under_way || record.job == 0) return;
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/jobs/" + std::to_string(record.job) + "/cancel";
    world_.send(std::move(request), [this, index](const HttpResponse* answer) {
        // Whether or not it could be cancelled (or nobody knows): another version follows.
        if (answer != nullptr && answer->status == 200) findings_.met("job_cancelled");
        auto& one = wanted_[index];
        if (one.voided) return;
        const auto total = amount(5'000);
        one.total = *Decimal::parse(total);
        one.body = document_body(one, total);
        one.refused_by_books = false;
        submit(index);
    });
}

void Business::ask_for_sync() {
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/connections/" + place_.connection + "/syncs";
    world_.send(std::move(request), [this](const HttpResponse* answer) {
        if (answer != nullptr && answer->status < 300) findings_.met("sync_by_partner");
    });
}

}  // namespace spillway::test
