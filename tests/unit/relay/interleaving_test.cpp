// Transactions end in any order, the relay looks at any moment, sessions break, the process dies: every committed row
// is taken in exactly once, and each record's versions in the order of its changes.

#include "schema/random.hpp"
#include "tests/unit/relay/relay_fixture.hpp"

namespace spillway::test {
namespace {

struct Story {
    Story(RelayTest& the_test, std::uint64_t seed) : test(the_test), random(seed) {}

    struct Open {
        std::map<std::string, std::vector<std::string>> written;  ///< by record, whose lock it holds
    };

    void begin() {
        if (open.size() < 8) open[test.payments.begin()];
    }
    /// A change of a record holds its lock until the transaction ends, as an UPDATE of its row does.
    void write() {
        if (open.empty()) return;
        auto& [xid, mine] = pick();
        const std::string record = "C" + std::to_string(random.below(12));
        for (const auto& [other, transaction] : open)
            if (other != xid && transaction.written.contains(record)) return;
        const std::string name = "v" + std::to_string(++names);
        test.payments.put(xid, record, a_contact(name));
        mine.written[record].push_back(name);
    }
    void end(bool commits) {
        if (open.empty()) return;
        auto& [xid, mine] = pick();
        const auto id = xid;
        if (commits) {
            for (auto& [record, names_of] : mine.written)
                expected[record].insert(expected[record].end(), names_of.begin(), names_of.end());
            test.payments.commit(id);
        } else {
            test.payments.abort_transaction(id);
        }
        open.erase(id);
    }
    std::pair<const relay::Xid, Open>& pick() {
        auto at = open.begin();
        std::advance(at, random.below(open.size()));
        return *at;
    }
    void turn() {
        const auto dice = random.below(100);
        if (dice < 15) return begin();
        if (dice < 45) return write();
        if (dice < 58) return end(true);
        if (dice < 62) return end(false);
        if (dice < 66) return test.payments.errors.push_back({ErrorKind::unavailable, "payment_db_down", ""});
        if (dice < 68) return test.restart();
        if (dice < 72) return test.clock->run_for(Millis{5'000});
        test.step();
    }

    RelayTest& test;
    SeededRandom random;
    std::map<relay::Xid, Open> open;
    std::map<std::string, std::vector<std::string>> expected;
    int names = 0;
};

void expect_told_truly(Story& story) {
    story.test.payments.errors.clear();
    while (!story.open.empty()) story.end(true);
    story.test.drain();
    story.test.clock->run_for(Millis{60'000});
    story.test.drain();
    for (const auto& [record, names] : story.expected) EXPECT_EQ(story.test.versions_of(record), names) << record;
    EXPECT_TRUE(story.test.refusals().empty());
}

struct Interleaving : RelayTest, ::testing::WithParamInterface<std::uint64_t> {};

TEST_P(Interleaving, EveryCommittedRowIsTakenInOnceAndInOrder) {
    limits.rows_max = 1 + GetParam() % 5;
    limits.walk.keys_per_statement = 2 + GetParam() % 7;
    limits.walk.ids_kept = 3 + GetParam() % 4;
    restart();
    Story story(*this, GetParam());
    for (int i = 0; i < 400; ++i) story.turn();
    expect_told_truly(story);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Interleaving, ::testing::Range<std::uint64_t>(1, 25));

}  // namespace
}  // namespace spillway::test
