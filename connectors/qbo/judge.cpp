#include "connectors/qbo/owned.hpp"
#include "connectors/qbo/prepare.hpp"
#include "connectors/qbo/remote.hpp"
#include "connectors/qbo/words.hpp"

namespace spillway::qbo {
namespace {

using Hits = std::vector<const RemoteObject*>;

std::string_view without_suffix(std::string_view name) {
    return name.ends_with(kDeletedSuffix) ? name.substr(0, name.size() - kDeletedSuffix.size()) : name;
}

std::string text_of(const std::optional<Decimal>& number) { return number ? number->to_string() : "none"; }

std::string shown(const RemoteObject& object) {
    std::string text = object.entity + " " + object.id + " '" + object.marker + "'";
    if (object.total) text += ", total " + object.total->to_string();
    if (object.date) text += ", dated " + object.date->to_string();
    if (!object.counterparty.empty()) text += ", customer " + object.counterparty;
    return text + (object.live ? "" : ", not active");
}

std::string shown(const Hits& hits) {
    std::string text;
    for (const RemoteObject* hit : hits) text += (text.empty() ? "" : "; ") + shown(*hit);
    return text;
}

Verdict ours(const PreparedObject& object, const RemoteObject& hit) {
    return {Verdict::Kind::ours, link_to(hit, object.role), hit.total};
}

bool holds_all(const PreparedObject& object, const RemoteObject& hit) {
    const Result<JsonValue> sent = parse_json(object.body), read = parse_json(hit.body);
    return sent && read && holds(*sent, *read);
}

/// What a look-up found in place of a create. Payments are never updated: mark, total and date are what makes them
/// ours.
Verdict adopted(const PreparedObject& object, const RemoteObject& hit) {
    Verdict verdict = ours(object, hit);
    verdict.holds = object.entity == kPayment || holds_all(object, hit);
    return verdict;
}

Verdict foreign(std::string detail) { return {Verdict::Kind::foreign, std::nullopt, std::nullopt, std::move(detail)}; }

bool has_note(const RemoteObject& object, const std::string& tag) {
    const Result<JsonValue> body = parse_json(object.body);
    return body && (*body)["PrivateNote"].text().find(tag) != std::string_view::npos;
}

bool is_ours(const PreparedObject& object, const Extra& extra, const RemoteObject& hit) {
    if (!hit.live || hit.counterparty != object.counterparty || !hit.total || !object.total) return false;
    if (hit.date != object.date) return false;
    return (*hit.total - *object.total).abs() <= extra.bound && has_note(hit, extra.tag);
}

Verdict judge_transaction(const PreparedObject& object, std::span<const RemoteObject> found) {
    const Extra extra = read_extra(object.extra);
    Hits hits, own;
    for (const RemoteObject& candidate : found) {
        if (candidate.entity != object.entity || candidate.marker != object.marker) continue;
        hits.push_back(&candidate);
        if (is_ours(object, extra, candidate)) own.push_back(&candidate);
    }
    if (hits.empty()) return {Verdict::Kind::absent};
    if (own.size() == 1) return adopted(object, *own.front());
    if (own.size() > 1)
        return {Verdict::Kind::ambiguous, std::nullopt, std::nullopt, "several objects could be ours: " + shown(own)};
    return foreign("sent: " + object.entity + " '" + object.marker + "', total " + text_of(object.total) + ", dated " +
                   (object.date ? object.date->to_string() : "none") + ", customer " + object.counterparty +
                   "; in the books: " + shown(hits));
}

std::string currency_of(const RemoteObject& object) {
    const Result<JsonValue> body = parse_json(object.body);
    return body ? (*body)["CurrencyRef"]["value"].string_or("") : std::string();
}

bool is_category(const RemoteObject& object) {
    const Result<JsonValue> body = parse_json(object.body);
    return object.entity == kItem && body && (*body)["Type"].text() == "Category";
}

Verdict judge_name(const PreparedObject& object, std::span<const RemoteObject> found) {
    const Extra extra = read_extra(object.extra);
    Hits hits, own;
    for (const RemoteObject& candidate : found) {
        const bool same_list =
            (object.entity == kItem) == (candidate.entity == kItem) && is_name_list(candidate.entity);
        const std::string_view name =
            candidate.live ? std::string_view(candidate.marker) : without_suffix(candidate.marker);
        if (!same_list || !same_name(name, object.marker)) continue;
        hits.push_back(&candidate);
        const std::string currency = currency_of(candidate);
        const bool same_currency = extra.currency.empty() || currency.empty() || currency == extra.currency;
        if (candidate.entity == object.entity && candidate.live && same_currency && !is_category(candidate))
            own.push_back(&candidate);
    }
    if (hits.empty()) return {Verdict::Kind::absent};
    if (own.size() == 1) return adopted(object, *own.front());
    if (own.size() > 1)
        return {Verdict::Kind::ambiguous, std::nullopt, std::nullopt, "several objects have the name: " + shown(own)};
    return foreign("sent: " + object.entity + " '" + object.marker + "'; in the books: " + shown(hits));
}

const RemoteObject* by_id(const PreparedObject& object, std::span<const RemoteObject> found) {
    for (const RemoteObject& candidate : found) {
        if (candidate.entity == object.entity && candidate.id == object.provider_id) return &candidate;
    }
    return nullptr;
}

Verdict judge_update(const PreparedObject& object, const RemoteObject& hit) {
    if (hit.version.empty()) return foreign("the object was deleted in QuickBooks: " + shown(hit));
    // Every change raises the version, so the one that we sent to proves that nothing was written, or nothing changed.
    // What cannot be compared may have changed.
    const bool same_version = hit.version == object.provider_version;
    const Result<JsonValue> sent = parse_json(object.body);
    const bool all_compared = sent && compares_all(*sent);
    if (holds_all(object, hit) && (all_compared || !same_version)) return ours(object, hit);
    if (same_version) return {Verdict::Kind::absent};
    return foreign("sent to version " + object.provider_version + ", in the books is version " + hit.version +
                   " with other content: " + shown(hit));
}

Verdict judge_ending(const PreparedObject& object, const RemoteObject& hit) {
    const bool ended = object.verb == Verb::remove ? hit.version.empty() : !hit.live;
    if (!ended) return {Verdict::Kind::absent};
    Verdict verdict = ours(object, hit);
    if (object.verb == Verb::remove) verdict.link.reset();
    if (verdict.link && verdict.link->version.empty()) verdict.link->version = object.provider_version;
    return verdict;
}

}  // namespace

Verdict judge_write(const PreparedObject& object, std::span<const RemoteObject> found) {
    if (object.verb == Verb::create)
        return is_name_list(object.entity) ? judge_name(object, found) : judge_transaction(object, found);
    const RemoteObject* hit = by_id(object, found);
    if (hit == nullptr) return {Verdict::Kind::inconclusive};
    return object.verb == Verb::update ? judge_update(object, *hit) : judge_ending(object, *hit);
}

}  // namespace spillway::qbo
