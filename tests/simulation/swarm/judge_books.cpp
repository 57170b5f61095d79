// The books of a company against what it wants, and the service's own words about each record.

#include <set>

#include "tests/simulation/swarm/oracle.hpp"

namespace spillway::test {

namespace {

bool ended(const std::string& status) {
    return status == "VOIDED" || status == "DELETED" || status == "voided" || status == "deleted";
}

/// What stands in the books where the company's records should be.
struct Held {
    std::map<std::string, std::vector<Decimal>> documents{};  ///< live ones, credit notes below zero
    std::map<std::string, int> ever{};                        ///< how many there were, voided ones included
    std::map<std::string, Decimal> cash{}, credit{};
    std::map<std::string, int> names{};
    std::int64_t payments = 0;
};

Held held_in(const JsonValue& ledger) {
    Held held;
    for (const auto& document : ledger["documents"].items()) {
        const auto number = document["number"].string_or("");
        ++held.ever[number];
        if (ended(document["status"].string_or(""))) continue;
        const auto total = document["total"].decimal_or({}).abs();
        held.documents[number].push_back(document["type"].string_or("") == "credit_note" ? -total : total);
    }
    for (const auto& payment : ledger["payments"].items()) {
        if (ended(payment["status"].string_or(""))) continue;
        ++held.payments;
        for (const auto& applied : payment["applied"].items())
            held.cash[applied["document"].string_or("")] += applied["amount"].decimal_or({});
    }
    for (const auto& one : ledger["allocations"].items())
        held.credit[one["credit_note"].string_or("") + ">" + one["invoice"].string_or("")] +=
            one["amount"].decimal_or({});
    for (const auto& contact : ledger["contacts"].items()) ++held.names[contact["name"].string_or("")];
    for (const auto& item : ledger["items"].items()) ++held.names["item " + item["code"].string_or("")];
    return held;
}

/// The version that matters: of one that cannot be booked, or is somebody else's in the books, nothing is expected.
bool is_expected(const Wanted& record) { return !record.refused_by_books && !record.foreign; }

void compare(Findings& findings, const std::string& rule, const std::map<std::string, Decimal>& wanted,
             const std::map<std::string, Decimal>& found) {
    for (const auto& [name, amount] : wanted) {
        const auto there = found.find(name);
        const auto has = there == found.end() ? Decimal{} : there->second;
        if (has != amount)
            findings.broken(rule, name.substr(0, name.find('>')),
                            name + ": " + has.to_string() + " in the books, wanted " + amount.to_string());
    }
    for (const auto& [name, amount] : found)
        if (!wanted.contains(name) && !amount.is_zero())
            findings.broken(rule, name.substr(0, name.find('>')),
                            name + ": " + amount.to_string() + " that nobody wants");
}

void judge_settlements(Findings& findings, const Business& business, const Held& held) {
    std::map<std::string, Decimal> cash, credit;
    std::int64_t payments = 0;
    for (const auto& record : business.wanted()) {
        if (record.voided) continue;
        for (const auto& one : record.applied) {
            const auto amount = *Decimal::parse(one.amount);
            if (record.kind == "payment")
                cash[one.invoice] += amount;
            else
                credit[record.id + ">" + one.invoice] += amount;
        }
        if (record.kind == "payment")
            payments += business.place().provider == "xero" ? static_cast<std::int64_t>(record.applied.size()) : 1;
    }
    compare(findings, "payments", cash, held.cash);
    compare(findings, "allocations", credit, held.credit);
    if (payments != held.payments)
        findings.broken("payments", "",
                        std::to_string(held.payments) + " payments in the books, wanted " + std::to_string(payments));
}

void judge_documents(Findings& findings, const Business& business, const Held& held) {
    for (const auto& record : business.wanted()) {
        if (record.kind != "invoice" && record.kind != "credit_note") continue;
        if (!is_expected(record)) continue;
        const auto live = held.documents.find(record.id);
        const bool there = live != held.documents.end() && !live->second.empty();
        if (record.voided) {
            if (there) findings.broken("void", record.id, "voided, and still in the books");
        } else if (!there) {
            findings.broken("lost", record.id, "accepted, and not in the books");
        } else if (live->second.front() != record.total) {
            findings.broken("total", record.id,
                            live->second.front().to_string() + " in the books, wanted " + record.total.to_string());
        }
    }
}

}  // namespace

void judge_books(World& world, Findings& findings, const Business& business, bool final) {
    const auto held = held_in(world.ledger(business.place().provider, business.place().tenant));
    for (const auto& [number, times] : held.ever)
        if (times > 1)
            findings.broken("twice", number, number + " is " + std::to_string(times) + " times in the books");
    std::set<std::string> ours;
    for (const auto& record : business.wanted())
        if (record.kind == "invoice" || record.kind == "credit_note") ours.insert(record.id);
    const auto mine = business.name("", 0).substr(0, 2);
    for (const auto& [number, totals] : held.documents)
        if (number.find(mine) != std::string::npos && number.find("FOR") != 0 && !ours.contains(number))
            findings.broken("nobody's", number, number + " is nobody's");
    for (const auto& [name, times] : held.names)
        if (times > 1) findings.broken("twice", name, name + " is " + std::to_string(times) + " times in the books");
    if (!final) return;
    judge_documents(findings, business, held);
    judge_settlements(findings, business, held);
    for (const auto& record : business.wanted()) {
        const bool plain = record.kind == "contact" || record.kind == "item";
        if (plain && !held.names.contains(record.kind == "contact" ? "Customer " + record.id : "item " + record.id))
            findings.broken("lost", record.id, "accepted, and not in the books");
    }
}

void judge_records(World& world, Findings& findings, const Business& business) {
    std::map<std::string, const Wanted*> wanted;
    for (const auto& record : business.wanted()) wanted.emplace(record.kind + "/" + record.id, &record);
    std::map<std::string, std::int64_t> versions;
    world.read_store([&](queue::sqlite::Connection& connection) {
        SQLite::Statement select(
            connection.database(),
            "SELECT r.kind || '/' || r.external_id, r.version FROM records r WHERE r.connection_id = ?");
        select.bind(1, business.place().connection);
        while (select.executeStep()) versions.emplace(select.getColumn(0).getString(), select.getColumn(1).getInt64());
    });
    for (const auto& [key, record] : wanted) {
        const auto there = versions.find(key);
        const auto version = there == versions.end() ? 0 : there->second;
        if (version < record->version)
            findings.broken("acknowledged", record->id,
                            "version " + std::to_string(record->version) + " was acknowledged, the store knows " +
                                std::to_string(version));
    }
}

}  // namespace spillway::test
