#pragma once
// What the mapping of one object looks at: the record, the connection's mapping, the organisation's lists; and its
// first refusal.

#include <algorithm>

#include "connectors/provider.hpp"

namespace spillway::xero {

inline Error rejected(std::string code, std::string detail) {
    return Error{.kind = ErrorKind::rejected, .code = std::move(code), .detail = std::move(detail)};
}

/// All that the mapping of one object looks at, and the first refusal.
struct Desk {
    const Subject& subject;
    const Step& step;
    const Mapping& mapping;
    const Books& books;
    const RemoteObject* current = nullptr;  ///< the object that is updated, as it is now, where it was read
    std::optional<Error> problem{};

    void refuse(Error error) {
        if (!problem) problem = std::move(error);
    }
    [[nodiscard]] bool creates() const { return step.verb == Verb::create; }

    /// The code of an account, by the caller's word or the default.
    std::string account(const std::optional<std::string>& word, const std::string& fallback, const char* member) {
        return coded(word, fallback, mapping.accounts, books.accounts, "account", member);
    }
    std::string tax_code(const std::optional<std::string>& word) {
        return coded(word, mapping.tax_code, mapping.tax_codes, books.tax_rates, "tax_code", "tax_code");
    }
    Decimal percent(const std::string& code) {
        for (const TaxRate& rate : books.tax_rates)
            if (rate.code == code) return rate.percent;
        return {};
    }
    /// Xero's id of a record that this one names.
    std::string referent(RecordKind kind, const std::string& external_id, std::string_view role,
                         std::string_view entity, std::string Link::* what = &Link::id) {
        const auto found = subject.referents.find({kind, external_id});
        if (found != subject.referents.end())
            for (const Link& link : found->second)
                if (link.role == role && !link.voided) {
                    if (link.entity == entity) return link.*what;
                    refuse(rejected("reference_of_other_kind", std::string(to_string(kind)) + " \"" + external_id +
                                                                   "\" is in the books as " + link.entity));
                    return {};
                }
        refuse(rejected("reference_missing",
                        std::string(to_string(kind)) + " \"" + external_id + "\" is not in the books"));
        return {};
    }

 private:
    template <class Known>
    std::string coded(const std::optional<std::string>& word, const std::string& fallback,
                      const std::map<std::string, std::string>& words, const std::vector<Known>& known,
                      const char* what, const char* member) {
        std::string code = fallback;
        if (word) {
            const auto mapped = words.find(*word);
            if (mapped == words.end()) {
                refuse(rejected(std::string("unmapped_") + what,
                                "\"" + *word + "\" is not in the connection's mapping; add it under " + what + "s"));
                return {};
            }
            code = mapped->second;
        }
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.code == code && k.active; });
        if (code.empty())
            refuse(rejected("mapping_incomplete", std::string("the connection's mapping names no ") + member));
        else if (found == known.end())
            refuse(
                rejected(std::string("unknown_") + what, "\"" + code + "\" is not an active one in the organisation"));
        return code;
    }
};

/// Refuses a text that is longer than Xero takes; `what` names its kind in the plural.
void check_length(Desk& desk, std::string_view text, std::size_t most, const char* code, const char* what);
/// Refuses an amount that Xero would round.
void check_cents(Desk& desk, Decimal amount);
/// Refuses a date in a period that the organisation has locked.
void check_open_period(Desk& desk, const Date& date);

// The element of a create or update, without verb, role and entity.
PreparedObject contact_object(Desk& desk, const Contact& contact);
PreparedObject item_object(Desk& desk, const Item& item);
PreparedObject document_object(Desk& desk, const Document& document, bool credit);
PreparedObject allocation_object(Desk& desk, const CreditNote& note);
PreparedObject payment_object(Desk& desk, const Payment& payment);

}  // namespace spillway::xero
