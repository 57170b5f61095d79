#include "tests/simulation/source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace spillway::test {
namespace {

std::string cents(std::uint64_t amount) {
    return std::to_string(amount / 100) + "." + (amount % 100 < 10 ? "0" : "") + std::to_string(amount % 100);
}

bool ended(const std::string& status) {
    return status == "VOIDED" || status == "DELETED" || status == "voided" || status == "deleted";
}

void put_until_taken(World& world, const std::string& connection, const std::string& kind, const std::string& id,
                     const std::string& body, const std::function<void()>& retry) {
    for (int attempt = 0; attempt < 5; ++attempt) {
        const int status = world.put(connection, kind, id, body);
        if (status == 202 || status == 200) return;
        ASSERT_TRUE(retry) << kind << "/" << id << " was refused with " << status << ", seed " << world.seed();
        retry();
    }
    FAIL() << kind << "/" << id << " is never taken, seed " << world.seed();
}

}  // namespace

std::string connect_with_invoice(World& world, const std::string& provider, const std::string& number,
                                 const std::string& total) {
    const auto connection = world.connect(provider);
    world.ok("PATCH", "/v1/connections/" + connection, R"({"posting":"automatic"})");
    world.put(connection, "contact", "C1", a_contact("Customer 1"));
    world.put(connection, "item", "IT1", an_item("IT1"));
    world.put(connection, "invoice", number, a_document("C1", number, "IT1", total));
    EXPECT_TRUE(world.quiet(connection));
    return connection;
}

Source submit_month(World& world, const std::string& connection, int count, const std::function<void()>& retry) {
    Source source;
    for (int i = 0; i < count; ++i) {
        const auto contact = "C" + std::to_string(world.random().below(9));
        const auto item = "IT" + std::to_string(world.random().below(12));
        const auto number = "INV-" + std::to_string(i);
        const auto total = cents(1 + world.random().below(500'000));
        const bool credit = world.random().below(6) == 0;
        put_until_taken(world, connection, credit ? "credit_note" : "invoice", number,
                        a_document(contact, number, item, total), retry);
        const auto amount = *Decimal::parse(total);
        source.documents[number] = credit ? -amount : amount;
    }
    for (int i = 0; i < 9; ++i) {
        const auto number = std::to_string(i);
        put_until_taken(world, connection, "contact", "C" + number, a_contact("Customer " + number), retry);
    }
    for (int i = 0; i < 12; ++i) {
        const auto code = "IT" + std::to_string(i);
        put_until_taken(world, connection, "item", code, an_item(code), retry);
    }
    return source;
}

void expect_books(World& world, const std::string& provider, const Source& source) {
    std::map<std::string, int> seen;
    const auto where = " in " + provider + ", seed " + std::to_string(world.seed());
    for (const auto& document : world.documents(provider)) {
        if (ended(document.status)) continue;
        EXPECT_EQ(++seen[document.number], 1) << document.number << " twice" << where;
        const auto stated = source.documents.find(document.number);
        if (stated == source.documents.end()) {
            ADD_FAILURE() << document.number << " is nobody's" << where;
            continue;
        }
        const auto total = document.type == "credit_note" ? -document.total.abs() : document.total;
        EXPECT_EQ(total, stated->second) << document.number << where;
    }
    for (const auto& [number, total] : source.documents)
        EXPECT_TRUE(seen.contains(number)) << number << " lost" << where;
    std::map<std::string, int> names;
    const auto ledger = world.ledger(provider);
    for (const auto& contact : ledger["contacts"].items())
        EXPECT_EQ(++names[contact["name"].string_or("")], 1) << contact["name"].string_or("") << where;
    for (const auto& item : ledger["items"].items())
        EXPECT_EQ(++names["item " + item["code"].string_or("")], 1) << item["code"].string_or("") << where;
}

std::vector<BookedDocument> live_documents(World& world, const std::string& provider, const std::string& number) {
    auto all = world.documents(provider);
    std::erase_if(all, [&](const auto& document) { return document.number != number || ended(document.status); });
    return all;
}

std::map<std::string, Decimal> live_payments(World& world, const std::string& provider) {
    std::map<std::string, Decimal> out;
    std::int64_t count = 0;
    const auto ledger = world.ledger(provider);
    for (const auto& payment : ledger["payments"].items()) {
        if (ended(payment["status"].string_or(""))) continue;
        ++count;
        for (const auto& applied : payment["applied"].items())
            out[applied["document"].string_or("")] += applied["amount"].decimal_or({});
    }
    out["count"] = *Decimal::parse(std::to_string(count));
    return out;
}

std::size_t writes(const World& world, const std::string& provider) {
    const auto& seen = world.seen();
    return static_cast<std::size_t>(std::count_if(seen.begin(), seen.end(), [&](const CallSeen& call) {
        return call.provider == provider && call.method != "GET";
    }));
}

std::uint64_t seed_count(std::uint64_t usual) {
    const char* given = std::getenv("SPILLWAY_SEEDS");
    return given == nullptr ? usual : std::strtoull(given, nullptr, 10);
}

}  // namespace spillway::test
