#include "services/drill/tie_out.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace spillway::drill {
namespace {

/// Both providers compare names without regard to case.
std::string folded(std::string_view name) {
    std::string out(name);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return out;
}

std::string_view type_word(bool credit_note) { return credit_note ? "credit_note" : "invoice"; }

class Comparer {
 public:
    Comparer(const csv::Import& source, const Books& books) : source_(source), books_(books) {
        side_.provider = books.provider;
        side_.calls = books.calls;
        side_.document_calls = books.document_calls;
        side_.throttled = books.throttled;
        side_.documents = books.documents.size();
        for (const BookDocument& document : books.documents) side_.total += document.net;
        for (const csv::NamedRecord& contact : source.contacts)
            contact_names_[contact.external_id] = std::get<Contact>(contact.record.body).name;
    }

    Side run() {
        compare_documents();
        std::vector<std::string> names, codes;
        for (const csv::NamedRecord& contact : source_.contacts) names.push_back(contact_names_[contact.external_id]);
        for (const csv::NamedRecord& item : source_.items) codes.push_back(std::get<Item>(item.record.body).code);
        compare_names("contact", names, books_.contacts);
        compare_names("item", codes, books_.items);
        return std::move(side_);
    }

 private:
    void note(Difference::Kind kind, std::string_view what, const std::string& name, std::string detail = {}) {
        auto& list = kind == Difference::Kind::duplicate ? side_.duplicates : side_.differences;
        list.push_back({kind, side_.provider, std::string(what), name, std::move(detail)});
    }

    void compare_documents() {
        std::map<std::string, std::vector<const BookDocument*>> in_books;
        for (const BookDocument& document : books_.documents) in_books[document.number].push_back(&document);
        for (const csv::NamedRecord& named : source_.documents) {
            const Document& expected = *document_of(named.record);
            const bool credit_note = named.record.kind() == RecordKind::credit_note;
            const auto found = in_books.find(expected.number);
            if (found == in_books.end()) {
                note(Difference::Kind::missing, type_word(credit_note), expected.number);
                continue;
            }
            ++side_.records;
            for (std::size_t i = 1; i < found->second.size(); ++i)
                note(Difference::Kind::duplicate, type_word(found->second[i]->credit_note), expected.number);
            compare_one(expected, credit_note, *found->second.front());
            in_books.erase(found);
        }
        for (const auto& [number, documents] : in_books)
            for (const BookDocument* document : documents)
                note(Difference::Kind::extra, type_word(document->credit_note), number);
    }

    void compare_one(const Document& expected, bool credit_note, const BookDocument& found) {
        std::string detail;
        const auto differs = [&](std::string_view field, const std::string& here, const std::string& there) {
            detail += std::string(detail.empty() ? "" : "; ") + std::string(field) + " " + here + " at source, " +
                      there + " in the books";
        };
        const Decimal net = credit_note ? -expected.total : expected.total;
        if (credit_note != found.credit_note)
            differs("type", std::string(type_word(credit_note)), std::string(type_word(found.credit_note)));
        if (net != found.net) differs("net", net.to_string(), found.net.to_string());
        const auto contact = contact_names_.find(expected.contact);
        const std::string name = contact == contact_names_.end() ? std::string() : contact->second;
        if (folded(name) != folded(found.contact)) differs("contact", name, found.contact);
        if (!detail.empty()) note(Difference::Kind::differs, type_word(credit_note), expected.number, detail);
    }

    void compare_names(std::string_view what, const std::vector<std::string>& expected,
                       const std::vector<std::string>& found) {
        std::map<std::string, std::size_t> counts;
        for (const std::string& name : found) ++counts[folded(name)];
        for (const std::string& name : expected) {
            const auto at = counts.find(folded(name));
            if (at == counts.end()) {
                note(Difference::Kind::missing, what, name);
                continue;
            }
            ++side_.records;
            for (; at->second > 1; --at->second) note(Difference::Kind::duplicate, what, name);
        }
    }

    const csv::Import& source_;
    const Books& books_;
    Side side_;
    std::map<std::string, std::string> contact_names_;
};

}  // namespace

std::string_view to_string(Difference::Kind kind) {
    switch (kind) {
        case Difference::Kind::missing: return "missing";
        case Difference::Kind::extra: return "extra";
        case Difference::Kind::differs: return "differs";
        case Difference::Kind::duplicate: return "duplicate";
    }
    return {};
}

Side compare(const csv::Import& source, const Books& books) { return Comparer(source, books).run(); }

std::size_t TieOut::differences() const {
    std::size_t count = 0;
    for (const Side& side : sides) count += side.differences.size();
    return count;
}

std::size_t TieOut::duplicates() const {
    std::size_t count = 0;
    for (const Side& side : sides) count += side.duplicates.size();
    return count;
}

bool TieOut::exact() const {
    return differences() == 0 && duplicates() == 0 && circumstances.parked == 0 && source->adds_up();
}

}  // namespace spillway::drill
