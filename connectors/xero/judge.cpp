#include "connectors/xero/judge.hpp"

#include <algorithm>

#include "connectors/xero/remote.hpp"
#include "connectors/xero/words.hpp"

namespace spillway::xero {
namespace {

using Kind = Verdict::Kind;
using Objects = std::vector<const RemoteObject*>;

Verdict verdict(Kind kind, std::string detail = {}) {
    Verdict out;
    out.kind = kind;
    out.detail = std::move(detail);
    return out;
}

template <class Test>
Objects those(std::span<const RemoteObject> found, std::string_view entity, Test test) {
    Objects out;
    for (const RemoteObject& object : found) {
        // Several allocations of a credit note to one invoice share the id that we give them.
        const bool again = std::any_of(out.begin(), out.end(), [&](const RemoteObject* o) {
            return o->id == object.id && o->version == object.version;
        });
        if (object.entity == entity && test(object) && !again) out.push_back(&object);
    }
    return out;
}

Verdict ours(const PreparedObject& object, const RemoteObject& remote) {
    Verdict out = verdict(Kind::ours);
    out.total = remote.total;
    if (object.verb == Verb::remove) return out;
    Link link{
        .role = object.role, .entity = object.entity, .id = remote.id, .version = remote.version, .owned_hash = {}};
    const Result<JsonValue> sent = parse_json(object.body);
    const Result<JsonValue> element = parse_json(remote.body);
    if (sent && element && object.verb != Verb::void_)
        link.owned_hash = owned_hash(object.entity, *element, owned_fields(object.entity, *sent));
    link.voided = object.verb == Verb::void_;
    out.link = std::move(link);
    // Payments and allocations cannot be updated, and their amount and date are what makes them ours.
    const bool settles = object.entity == kPayments || object.entity == kAllocations;
    if (object.verb == Verb::create && !settles) out.holds = sent && element && holds(*element, *sent);
    return out;
}

std::string show(std::string_view number, const std::optional<Decimal>& total, const std::optional<Date>& date,
                 std::string_view contact, std::string_view id) {
    std::string text = std::string(number);
    if (total) text += " of " + total->to_string();
    if (date) text += " dated " + date->to_string();
    if (!contact.empty()) text += " for contact " + std::string(contact);
    if (!id.empty()) text += " (" + std::string(id) + ")";
    return text;
}
std::string show(const PreparedObject& object) {
    return show(object.marker, object.total, object.date, object.counterparty, "");
}
std::string show(const RemoteObject& remote) {
    return show(remote.marker, remote.total, remote.date, remote.counterparty, remote.id) +
           (remote.live ? "" : ", no longer live");
}
std::string show(const PreparedObject& object, const Objects& found) {
    std::string text = "Ours: " + show(object) + ". In Xero:";
    for (const RemoteObject* remote : found) text += " " + show(*remote) + ";";
    text.pop_back();
    return text + ".";
}

Decimal tolerance_of(const PreparedObject& object) {
    const Result<JsonValue> extra = parse_json(object.extra);
    return extra ? (*extra)["tolerance"].decimal_or({}) : Decimal{};
}

bool same_amount(const PreparedObject& object, const RemoteObject& remote) {
    return object.total && remote.total && (*object.total - *remote.total).abs() <= tolerance_of(object);
}

/// One live hit that fits is ours; one that does not is somebody else's; several, or none but ended ones, are for a
/// person, who may have ended what we made.
template <class Fits>
Verdict one_of(const PreparedObject& object, const Objects& hits, Fits fits) {
    Objects live;
    std::copy_if(hits.begin(), hits.end(), std::back_inserter(live), [](const RemoteObject* o) { return o->live; });
    if (hits.empty()) return verdict(Kind::absent);
    if (live.empty() || live.size() > 1) return verdict(Kind::ambiguous, show(object, hits));
    if (fits(*live.front())) return ours(object, *live.front());
    return verdict(Kind::foreign, show(object, live));
}

Verdict judge_contact(const PreparedObject& object, std::span<const RemoteObject> found) {
    const Objects numbered = those(found, kContacts, [&](const RemoteObject& o) { return o.marker == object.marker; });
    if (!numbered.empty()) return one_of(object, numbered, [](const RemoteObject&) { return true; });
    const Result<JsonValue> sent = parse_json(object.body);
    const std::string name = sent ? (*sent)["Name"].string_or("") : "";
    const Objects named = those(found, kContacts, [&](const RemoteObject& o) {
        const Result<JsonValue> element = parse_json(o.body);
        return o.live && element && (*element)["Name"].text() == name;  // names are unique among live ones only
    });
    if (named.empty()) return verdict(Kind::absent);
    return verdict(Kind::foreign, "A contact named \"" + name + "\" is there already, without our contact number. " +
                                      show(object, named));
}

Verdict judge_create(const PreparedObject& object, std::span<const RemoteObject> found) {
    const auto marked = [&](const RemoteObject& o) { return o.marker == object.marker; };
    if (object.entity == kContacts) return judge_contact(object, found);
    if (object.entity == kItems)  // its code is what an item is
        return one_of(object, those(found, kItems, marked), [](const RemoteObject&) { return true; });
    if (object.entity == kPayments) {
        const auto mine = [&](const RemoteObject& o) { return has_mark(o.marker, object.marker); };
        return one_of(object, those(found, kPayments, mine),
                      [&](const RemoteObject& o) { return same_amount(object, o) && o.date == object.date; });
    }
    if (object.entity == kAllocations) {
        const std::string note = object.marker.substr(0, object.marker.find('/'));
        if (those(found, kCreditNotes, [&](const RemoteObject& o) { return o.id == note; }).empty())
            return verdict(Kind::inconclusive);
        // People may have allocated to the same invoice: of several, those of our amount count.
        const auto mine = [&](const RemoteObject& o) { return marked(o) && same_amount(object, o); };
        const Objects own = those(found, kAllocations, mine);
        return one_of(object, own.empty() ? those(found, kAllocations, marked) : own,
                      [&](const RemoteObject& o) { return same_amount(object, o); });
    }
    return one_of(object, those(found, object.entity, marked), [&](const RemoteObject& o) {
        return o.counterparty == object.counterparty && same_amount(object, o) && o.date == object.date;
    });
}

// Of an object that we know by its id: did the change take place? "Absent" lets it be sent again.
Verdict judge_change(const PreparedObject& object, std::span<const RemoteObject> found) {
    const bool allocation = object.entity == kAllocations;
    const Objects hits = those(found, object.entity, [&](const RemoteObject& o) {
        return o.id == object.provider_id && (!allocation || o.version == object.provider_version);
    });
    if (object.verb == Verb::remove) {
        RemoteObject gone;
        if (!hits.empty()) return hits.front()->live ? verdict(Kind::absent) : ours(object, *hits.front());
        const std::string note = object.provider_id.substr(0, object.provider_id.find('/'));
        const bool seen =
            !allocation || !those(found, kCreditNotes, [&](const RemoteObject& o) { return o.id == note; }).empty();
        return seen ? ours(object, gone) : verdict(Kind::inconclusive);
    }
    if (hits.empty()) return verdict(Kind::inconclusive);
    if (object.verb == Verb::void_) return hits.front()->live ? verdict(Kind::absent) : ours(object, *hits.front());
    const Result<JsonValue> sent = parse_json(object.body);
    const Result<JsonValue> element = parse_json(hits.front()->body);
    return sent && element && holds(*element, *sent) ? ours(object, *hits.front()) : verdict(Kind::absent);
}

}  // namespace

Verdict judge(const PreparedObject& object, std::span<const RemoteObject> found) {
    return object.verb == Verb::create ? judge_create(object, found) : judge_change(object, found);
}

}  // namespace spillway::xero
