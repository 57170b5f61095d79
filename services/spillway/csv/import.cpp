#include "services/spillway/csv/import.hpp"

#include <algorithm>
#include <map>

#include "schema/record_rules.hpp"
#include "schema/record_shape.hpp"
#include "services/spillway/csv/catalogue.hpp"
#include "services/spillway/csv/lines.hpp"
#include "services/spillway/csv/tallies.hpp"

namespace spillway::csv {
namespace {

struct SourceDocument {
    std::string number;
    bool prefixed = false;  ///< its number says credit note
    std::vector<SourceLine> lines;
};

std::vector<SourceDocument> group(std::vector<SourceLine> lines, const std::string& prefix) {
    std::vector<SourceDocument> documents;
    std::map<std::string, std::size_t> places;
    for (SourceLine& line : lines) {
        const auto [at, first] = places.try_emplace(line.document, documents.size());
        if (first) documents.push_back({line.document, !prefix.empty() && line.document.starts_with(prefix), {}});
        documents[at->second].lines.push_back(std::move(line));
    }
    return documents;
}

class Importer {
 public:
    explicit Importer(const Format& format) : format_(format) {}

    Result<Import> run(std::vector<SourceDocument> documents) {
        for (SourceDocument& document : documents) {
            if (auto excluded = exclude(document); !excluded.ok()) return excluded.error();
        }
        std::erase_if(documents, [](const SourceDocument& document) { return document.lines.empty(); });
        for (const SourceDocument& document : documents)
            for (const SourceLine& line : document.lines) catalogue_.see(line);
        for (std::size_t i = 0; i < documents.size(); ++i) {
            if (auto built = build(documents[i], i); !built.ok()) return built.error();
        }
        out_.items = catalogue_.records();
        out_.excluded = std::move(excluded_).take();
        out_.decided = std::move(decided_).take();
        return std::move(out_);
    }

 private:
    /// Drops the lines that a rule takes out, and counts them.
    Result<void> exclude(SourceDocument& document) {
        ++out_.file.documents;
        std::vector<SourceLine> kept;
        std::string_view last_rule;
        for (SourceLine& line : document.lines) {
            ++out_.file.lines;
            out_.file.total += line.exact;
            const bool write_off = line.quantity.is_negative() && !document.prefixed;
            const std::string_view rule = write_off ? "write_off" : "zero_price";
            const Action action = write_off ? format_.rules.write_off : format_.rules.zero_price;
            if (!line.unit_price.is_zero() || action == Action::keep) {
                kept.push_back(std::move(line));
                continue;
            }
            if (action == Action::refuse) return bad_line(line.line, "refused by the rule " + std::string(rule));
            excluded_.count_line(rule, line.exact);
            last_rule = rule;
        }
        document.lines = std::move(kept);
        if (document.lines.empty()) excluded_.count_document(last_rule);
        return success();
    }

    Result<void> build(const SourceDocument& source, std::size_t index) {
        Document document;
        document.number = source.number;
        document.date = source.lines.front().date;
        document.currency = format_.currency;
        document.amounts = format_.amounts;
        for (const SourceLine& line : source.lines) document.lines.push_back(build_line(line, source, index));
        const Result<Decimal> total = lines_total(document);
        if (!total.ok()) return bad_line(source.lines.front().line, total.error().detail);
        document.total = *total;
        auto contact = contact_of(source, index);
        if (!contact.ok()) return contact.error();
        document.contact = *std::move(contact);
        count_whole(source, document, index);
        return put(source, std::move(document));
    }

    Line build_line(const SourceLine& from, const SourceDocument& source, std::size_t index) {
        Line line;
        line.quantity = from.quantity;
        line.unit_price = from.unit_price;
        if (!from.item.empty()) line.item = from.item;
        line.description = !from.description.empty() ? from.description : catalogue_.description_of(from.item);
        if (line.description.empty()) line.description = "(no description)";
        const auto met = [&](bool here, std::string_view rule) {
            if (here) decided_.count(rule, index, from.exact);
        };
        met(from.code_folded, "item_code_case");
        met(from.code_altered, "item_code_altered");
        met(from.item.empty(), "no_item");
        met(format_.not_stock.contains(from.item), "not_stock");
        met(from.description.empty(), "description_missing");
        met(from.spaces, "spaces");
        met(!from.item.empty() && catalogue_.name_of(from.item) != catalogue_.description_of(from.item),
            "item_name_altered");
        met(from.id_decimal, "customer_id_decimal");
        met(from.quantity.is_negative() && !source.prefixed, "negative_line");
        met(from.date != source.lines.front().date, "other_date");
        return line;
    }

    /// The contact of a document, made where it is new. Errors: two customers, or none where the rule refuses it.
    Result<std::string> contact_of(const SourceDocument& source, std::size_t index) {
        const SourceLine* named = nullptr;
        for (const SourceLine& line : source.lines) {
            if (line.customer.empty()) continue;
            if (named != nullptr && named->customer != line.customer)
                return bad_line(line.line, "document " + source.number + " names customer " + line.customer +
                                               " here and " + named->customer + " on line " +
                                               std::to_string(named->line));
            named = &line;
        }
        if (named != nullptr) return customer(source, index, *named);
        if (!format_.rules.cash_sales)
            return bad_line(source.lines.front().line, "document " + source.number + " has no customer");
        for (const SourceLine& line : source.lines) decided_.count("no_customer", index, line.exact);
        if (contacts_.try_emplace(format_.cash_sales_id).second) {
            Contact cash;
            cash.name = format_.cash_sales_name;
            out_.contacts.push_back({format_.cash_sales_id, {cash, std::nullopt}});
        }
        return format_.cash_sales_id;
    }

    std::string customer(const SourceDocument& source, std::size_t index, const SourceLine& line) {
        const auto [at, first] = contacts_.try_emplace(line.customer, line.country);
        if (first) {
            Contact contact;
            contact.name = format_.contact_name;
            contact.name.replace(contact.name.find("{id}"), 4, line.customer);
            if (const auto country = format_.countries.find(line.country); country != format_.countries.end())
                contact.address.emplace().country = country->second;
            out_.contacts.push_back({line.customer, {contact, std::nullopt}});
        }
        const bool unknown = !line.country.empty() && !format_.countries.contains(line.country);
        for (const SourceLine& one : source.lines) {
            if (unknown) decided_.count("country_unknown", index, one.exact);
            if (at->second != line.country) decided_.count("country_varies", index, one.exact);
        }
        return line.customer;
    }

    void count_whole(const SourceDocument& source, const Document& document, std::size_t index) {
        Decimal exact;
        const bool turned = source.prefixed != document.total.is_negative() && !document.total.is_zero();
        for (const SourceLine& line : source.lines) {
            exact += line.exact;
            if (turned) decided_.count(source.prefixed ? "positive_credit" : "negative_total", index, line.exact);
        }
        out_.rounding += exact - document.total;
    }

    /// The document as an invoice, or by the declared rule as a credit note with every sign turned.
    Result<void> put(const SourceDocument& source, Document document) {
        const Decimal total = document.total;
        if (total.is_negative() && !source.prefixed && !format_.rules.negative_total_is_credit_note)
            return bad_line(source.lines.front().line, "document " + source.number + " is negative and no credit note");
        if (format_.due_days && !total.is_negative())
            document.due_date = Date{std::chrono::sys_days(document.date.ymd) + std::chrono::days(*format_.due_days)};
        Invoice invoice{std::move(document)};
        Record record{invoice, std::nullopt};
        if (auto credit_note = as_credit_note(invoice)) record.body = *std::move(credit_note);
        if (auto checked = check_record(record); !checked.ok())
            return bad_line(source.lines.front().line, source.number + ": " + checked.error().detail);
        const auto add = [&](Tally& tally) {
            ++tally.documents;
            tally.lines += source.lines.size();
            tally.total += total;
        };
        add(out_.imported);
        if (record.kind() == RecordKind::credit_note) add(out_.credit_notes);
        out_.documents.push_back({source.number, std::move(record)});
        return success();
    }

    const Format& format_;
    Import out_;
    Catalogue catalogue_;
    Tallies excluded_, decided_;
    std::map<std::string, std::string> contacts_;  ///< id -> the country it was first seen with
};

}  // namespace

Tally Import::excluded_total() const {
    Tally sum;
    for (const RuleTally& one : excluded) {
        sum.documents += one.tally.documents;
        sum.lines += one.tally.lines;
        sum.total += one.tally.total;
    }
    return sum;
}

bool Import::adds_up() const {
    const Tally out = excluded_total();
    return imported.total + out.total + rounding == file.total && imported.lines + out.lines == file.lines &&
           imported.documents + out.documents == file.documents;
}

Result<Import> import_csv(std::string_view text, const Format& format) {
    const Result<Table> table = read_csv(text);
    if (!table.ok()) return table.error();
    Result<std::vector<SourceLine>> lines = read_lines(*table, format);
    if (!lines.ok()) return lines.error();
    for (const SourceLine& line : *lines) {
        if (line.document.size() > kExternalIdMax) return bad_line(line.line, "a document number of over 128 bytes");
        if (line.customer.size() > kExternalIdMax) return bad_line(line.line, "a customer id of over 128 bytes");
    }
    return Importer(format).run(group(*std::move(lines), format.credit_note_prefix));
}

}  // namespace spillway::csv
