#include "connectors/xero/calls.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/xero/answers.hpp"
#include "connectors/xero/remote.hpp"
#include "connectors/xero/words.hpp"
#include "schema/json_text.hpp"

namespace spillway::xero {
namespace {

std::string target_of(std::string_view path, std::string_view query) {
    std::string target = std::string(kApi) + std::string(path);
    if (!query.empty()) target += "?" + std::string(query);
    return target;
}

std::string page_query(int rows) { return "page=1&pageSize=" + std::to_string(rows); }

std::string equals(std::string_view field, std::string_view text) {
    return std::string(field) + "==\"" + std::string(text) + "\"";
}
std::string equals_id(std::string_view field, std::string_view id) {
    return std::string(field) + "==guid(\"" + std::string(id) + "\")";
}

std::string day_of(const Date& date) {
    return "DateTime(" + std::to_string(static_cast<int>(date.ymd.year())) + "," +
           std::to_string(static_cast<unsigned>(date.ymd.month())) + "," +
           std::to_string(static_cast<unsigned>(date.ymd.day())) + ")";
}

/// Packs terms into as few list calls as ids and address length allow. An address that is too long answers 404, as if
/// nothing were there.
class ListCalls {
 public:
    /// @param opening  everything of the query before the terms, such as "where=" ; @param glue  what joins terms,
    /// encoded.
    ListCalls(std::string_view tenant, std::string_view entity, std::string opening, std::string glue, std::string rest)
        : tenant_(tenant),
          entity_(entity),
          opening_(std::move(opening)),
          glue_(std::move(glue)),
          rest_(std::move(rest)) {}

    void add(const std::string& term) {
        const std::string encoded = percent_encode(term);
        if (std::find(terms_.begin(), terms_.end(), encoded) != terms_.end()) return;
        if (!terms_.empty() && (terms_.size() == kIdsMax || length() + glue_.size() + encoded.size() > kTargetMax))
            flush();
        terms_.push_back(encoded);
    }
    /// Whether a term fits into an address at all.
    [[nodiscard]] bool takes(const std::string& term) const {
        const std::string query = opening_ + percent_encode(term) + (rest_.empty() ? "" : "&" + rest_);
        return target_of(entity_, query).size() <= kTargetMax;
    }
    std::vector<PreparedCall> take() {
        if (!terms_.empty()) flush();
        return std::move(calls_);
    }

 private:
    [[nodiscard]] std::string query() const {
        std::string query = opening_;
        for (std::size_t i = 0; i < terms_.size(); ++i) query += (i == 0 ? "" : glue_) + terms_[i];
        return query + (rest_.empty() ? "" : "&" + rest_);
    }
    [[nodiscard]] std::size_t length() const { return target_of(entity_, query()).size(); }
    void flush() {
        calls_.push_back(read_call(tenant_, entity_, query(), "GET " + entity_));
        terms_.clear();
    }

    std::string tenant_, entity_, opening_, glue_, rest_;
    std::vector<std::string> terms_;
    std::vector<PreparedCall> calls_;
};

ListCalls where_calls(std::string_view tenant, std::string_view entity, std::string rest) {
    return {tenant, entity, "where=", "%20OR%20", std::move(rest)};
}

PreparedCall single_call(std::string_view tenant, const Entity& entity, std::string_view id) {
    return read_call(tenant, std::string(entity.name) + "/" + percent_encode(id), entity.prices ? "unitdp=4" : "",
                     "GET " + std::string(entity.name));
}

std::string_view credit_note_of(std::string_view allocation) { return allocation.substr(0, allocation.find('/')); }

void append(std::vector<PreparedCall>& to, std::vector<PreparedCall> from) {
    for (PreparedCall& call : from) {
        const bool known =
            std::any_of(to.begin(), to.end(), [&](const PreparedCall& c) { return c.target == call.target; });
        if (!known) to.push_back(std::move(call));
    }
}

// What a document without a searchable number still has: its contact and its day, both quick to search for (docs).
std::string contact_and_day(const PreparedObject& object) {
    std::string where = equals_id("Contact.ContactID", object.counterparty);
    if (object.date) where += " AND Date==" + day_of(*object.date);
    return where;
}

/// Look-ups of creates, one list per entity.
struct Searches {
    explicit Searches(std::string_view t) : tenant(t) {}

    std::string_view tenant;
    ListCalls contacts = where_calls(tenant, kContacts, "includeArchived=true&" + page_query(kPageRows));
    ListCalls items = where_calls(tenant, kItems, "unitdp=4");
    ListCalls invoices{tenant, kInvoices, "InvoiceNumbers=", "%2C", page_query(kPageRows) + "&unitdp=4"};
    ListCalls credit_notes = where_calls(tenant, kCreditNotes, page_query(kPageRows) + "&unitdp=4");
    ListCalls payments = where_calls(tenant, kPayments, page_query(kPageRowsMax));
    std::vector<PreparedCall> others;

    void add(const PreparedObject& object) {
        if (object.entity == kContacts) return contact(object);
        if (object.entity == kItems) return item(object);
        if (object.entity == kPayments) {
            const Result<JsonValue> extra = parse_json(object.extra);
            return payments.add(equals_id("Invoice.InvoiceID", extra ? (*extra)["invoice"].text() : ""));
        }
        if (object.entity == kAllocations)
            return append(others, {single_call(tenant, *entity_of(kCreditNotes), credit_note_of(object.marker))});
        document(object);
    }

 private:
    void contact(const PreparedObject& object) {
        contacts.add(equals("ContactNumber", object.marker));
        // The name shows whose it is when it is taken. One that would change the expression, or is too long for an
        // address, is left out: the number decides.
        const Result<JsonValue> body = parse_json(object.body);
        const std::string name = body ? (*body)["Name"].string_or("") : "";
        if (fits_where(name) && contacts.takes(equals("Name", name))) contacts.add(equals("Name", name));
    }
    void item(const PreparedObject& object) {
        if (fits_where(object.marker)) return items.add(equals("Code", object.marker));
        append(others, {read_call(tenant, kItems, "unitdp=4", "GET Items")});  // the whole list; it has no pages
    }
    void document(const PreparedObject& object) {
        const bool invoice = object.entity == kInvoices;
        const bool listed = object.marker.find(',') == std::string::npos && invoices.takes(object.marker);
        if (invoice && listed) return invoices.add(object.marker);
        const std::string numbered = equals("CreditNoteNumber", object.marker);
        if (!invoice && fits_where(object.marker) && credit_notes.takes(numbered)) return credit_notes.add(numbered);
        const std::string query =
            "where=" + percent_encode(contact_and_day(object)) + "&" + page_query(kPageRowsMax) + "&unitdp=4";
        append(others, {read_call(tenant, object.entity, query, "GET " + object.entity)});
    }
};

std::string collection_body(std::string_view entity, std::span<const PreparedObject> objects) {
    JsonText json;
    json.object().key(entity).array();
    for (const PreparedObject& object : objects) json.raw(object.body);
    json.close().close();
    return std::move(json).take();
}

void address_removal(const PreparedObject& object, PreparedCall& call) {
    if (object.entity == kPayments) {
        call.method = "POST";
        call.target = target_of("Payments/" + percent_encode(object.provider_id), "");
        call.body = object.body;
    } else if (object.entity == kItems) {
        call.method = "DELETE";
        call.target = target_of("Items/" + percent_encode(object.provider_id), "");
    } else {
        call.method = "DELETE";
        call.target = target_of("CreditNotes/" + percent_encode(credit_note_of(object.provider_id)) + "/Allocations/" +
                                    percent_encode(object.provider_version),
                                "");
    }
}

std::optional<int> page_rows(std::string_view target) {
    constexpr std::string_view kName = "pageSize=";
    const auto at = target.find(kName);
    int rows = 0;
    if (at == std::string_view::npos) return std::nullopt;
    const char* first = target.data() + at + kName.size();
    if (std::from_chars(first, target.data() + target.size(), rows).ec != std::errc{}) return std::nullopt;
    return rows;
}

// "Nothing found" is a proof only when the page holds everything.
bool complete(const PreparedCall& call, const JsonValue& body) {
    const std::optional<int> rows = page_rows(call.target);
    if (!rows) return true;
    if (const JsonValue* pages = body.find("pagination")) return (*pages)["pageCount"].int64_or(1) <= 1;
    for (const std::string_view name : {kContacts, kInvoices, kCreditNotes, kPayments})
        if (static_cast<int>(body[name].items().size()) >= *rows) return false;
    return true;
}

bool is_list(const PreparedCall& call) { return call.target.substr(kApi.size()).find('/') == std::string::npos; }

}  // namespace

PreparedCall read_call(std::string_view tenant, std::string_view path, std::string query, std::string operation) {
    PreparedCall call{.method = "GET", .target = target_of(path, query), .body = {}};
    call.headers.add("xero-tenant-id", std::string(tenant));
    call.operation = std::move(operation);
    return call;
}

Provider::BatchRule batch_rule(const Step& step) {
    const bool single = step.verb == Verb::remove || step.entity == kAllocations;
    return {.word = std::string(to_string(step.verb)) + " " + step.entity,
            .size = single ? 1 : kElementsMax,
            .bytes_max = kBodyBytesMax};
}

PreparedCall assemble(std::string_view tenant, std::span<const PreparedObject> objects, std::string key) {
    SPILLWAY_ASSERT(!objects.empty());
    const PreparedObject& first = objects.front();
    PreparedCall call;
    call.call_class = CallClass::write;
    if (first.verb == Verb::remove) {
        address_removal(first, call);
    } else {
        // PUT creates and never edits what has the same number; POST with ids updates (OpenAPI). What summarizeErrors
        // is when it is left out, sources disagree about.
        const Entity& entity = *entity_of(first.entity);
        call.method = first.verb == Verb::create ? "PUT" : "POST";
        const std::string path = first.entity == kAllocations
                                     ? "CreditNotes/" + percent_encode(credit_note_of(first.marker)) + "/Allocations"
                                     : first.entity;
        call.target = target_of(path, entity.prices ? "summarizeErrors=false&unitdp=4" : "summarizeErrors=false");
        call.body = collection_body(first.entity, objects);
    }
    call.operation = call.method + " " + first.entity;
    call.headers.add("xero-tenant-id", std::string(tenant));
    if (!call.body.empty()) call.headers.add("Content-Type", "application/json");
    // A key's scope is the app, not the organisation, so the tenant is part of it; at most 128 characters. DELETE takes
    // none.
    if (call.method != "DELETE") call.headers.add("Idempotency-Key", std::string(tenant) + "-" + key);
    call.key = std::move(key);
    return call;
}

std::vector<PreparedCall> read_by_id(std::string_view tenant, std::span<const Link> links) {
    ListCalls invoices{tenant, kInvoices, "IDs=", "%2C", page_query(kPageRows) + "&unitdp=4"};
    ListCalls contacts{tenant, kContacts, "IDs=", "%2C", "includeArchived=true&" + page_query(kPageRows)};
    std::vector<PreparedCall> calls;
    for (const Link& link : links) {
        if (link.entity == kInvoices)
            invoices.add(link.id);
        else if (link.entity == kContacts)
            contacts.add(link.id);
        else if (link.entity == kAllocations)
            append(calls, {single_call(tenant, *entity_of(kCreditNotes), credit_note_of(link.id))});
        else if (const Entity* entity = entity_of(link.entity))
            append(calls, {single_call(tenant, *entity, link.id)});  // these lists take no ids (OpenAPI)
    }
    append(calls, invoices.take());
    append(calls, contacts.take());
    return calls;
}

std::vector<PreparedCall> look_up(std::string_view tenant, std::span<const PreparedObject> objects) {
    Searches searches(tenant);
    std::vector<Link> known;
    for (const PreparedObject& object : objects) {
        if (object.verb == Verb::create) {
            searches.add(object);
        } else {
            Link link;
            link.entity = object.entity;
            link.id = object.provider_id;
            known.push_back(std::move(link));
        }
    }
    std::vector<PreparedCall> calls = std::move(searches.others);
    for (ListCalls* list :
         {&searches.contacts, &searches.items, &searches.invoices, &searches.credit_notes, &searches.payments})
        append(calls, list->take());
    append(calls, read_by_id(tenant, known));
    return calls;
}

Result<std::vector<RemoteObject>> read_objects(const PreparedCall& call, const SendResult& answer) {
    const JsonValue body = body_of(answer);
    if (answer.stage == Stage::answered && answer.response.status == 404 && !is_list(call))
        return std::vector<RemoteObject>{};  // an id that is not there; of a list it would mean an address that is too
                                             // long
    if (std::optional<Error> error = whole_call_error(answer, body)) {
        // A read changes nothing, so what is unknown of a write is merely unavailable here.
        if (error->kind == ErrorKind::unknown || error->kind == ErrorKind::rejected)
            error->kind = ErrorKind::unavailable;
        return *error;
    }
    if (!complete(call, body))
        return Error{.kind = ErrorKind::unavailable, .code = "incomplete_list", .detail = "the answer has more pages"};
    return remote_objects(body);
}

}  // namespace spillway::xero
