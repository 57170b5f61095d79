#include "schema/record.hpp"

#include <array>
#include <set>

namespace spillway {
namespace {

constexpr std::array<std::string_view, 5> kKindWords{"contact", "item", "invoice", "credit_note", "payment"};

/// Collects references in the order of their first mention.
class References {
 public:
    void add(RecordKind kind, const std::string& external_id) {
        Reference reference{kind, external_id};
        if (seen_.insert(reference).second) list_.push_back(std::move(reference));
    }
    void add(const Document& document) {
        add(RecordKind::contact, document.contact);
        for (const Line& line : document.lines)
            if (line.item) add(RecordKind::item, *line.item);
    }
    void add(const std::vector<Application>& applications) {
        for (const Application& application : applications) add(RecordKind::invoice, application.invoice);
    }
    std::vector<Reference> take() && { return std::move(list_); }

 private:
    std::set<Reference> seen_;
    std::vector<Reference> list_;
};

}  // namespace

std::string_view to_string(RecordKind kind) { return kKindWords.at(static_cast<std::size_t>(kind)); }

std::optional<RecordKind> record_kind_from(std::string_view word) {
    for (std::size_t i = 0; i < kKindWords.size(); ++i)
        if (kKindWords[i] == word) return static_cast<RecordKind>(i);
    return std::nullopt;
}

std::string_view to_string(Amounts amounts) {
    switch (amounts) {
        case Amounts::exclusive: return "exclusive";
        case Amounts::inclusive: return "inclusive";
        case Amounts::none: return "none";
    }
    return "none";
}

const Document* document_of(const Record& record) {
    if (const auto* invoice = std::get_if<Invoice>(&record.body)) return &invoice->document;
    if (const auto* credit_note = std::get_if<CreditNote>(&record.body)) return &credit_note->document;
    return nullptr;
}

std::vector<Reference> references_of(const Record& record) {
    References references;
    if (const Document* document = document_of(record)) references.add(*document);
    if (const auto* credit_note = std::get_if<CreditNote>(&record.body)) references.add(credit_note->applies_to);
    if (const auto* payment = std::get_if<Payment>(&record.body)) {
        references.add(RecordKind::contact, payment->contact);
        references.add(payment->applies_to);
    }
    return std::move(references).take();
}

}  // namespace spillway
