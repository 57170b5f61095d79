#include "services/store/api_keys.hpp"
#include "services/store/calls.hpp"
#include "services/store/events.hpp"
#include "services/store/idempotency.hpp"
#include "services/store/replays.hpp"
#include "services/store/subjects.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {
namespace {

struct Rows : BooksTest {
    void write(std::function<void(store::Connection&)> fn) {
        auto done = commit([&](queue::Transaction& transaction) {
            fn(queue::sqlite::connection_of(transaction));
            return success();
        });
        ASSERT_TRUE(done.ok());
    }
};

TEST_F(Rows, AConnectionComesBackAsItWasWritten) {
    write([&](store::Connection& connection) {
        auto row = *store::get_connection(connection, ConnectionId("con_a"));
        row.state = "paused";
        row.state_reason = "month end";
        row.tenant_link = "link";
        row.mapping = "{}";
        row.books = "{\"name\":\"x\"}";
        row.released_seq = 4;
        row.changed = from_ms(5);
        EXPECT_TRUE(store::update_connection(connection, row));
        const auto back = *store::get_connection(connection, ConnectionId("con_a"));
        EXPECT_EQ(
            std::tie(back.state, back.state_reason, back.tenant_link, back.mapping, back.books, back.released_seq),
            std::tie(row.state, row.state_reason, row.tenant_link, row.mapping, row.books, row.released_seq));
        EXPECT_EQ(back.changed, row.changed);
        EXPECT_EQ(back.provider, "xero");
    });
}

TEST_F(Rows, AnOrganisationIsFoundOnlyWhileItIsLinked) {
    write([&](store::Connection& connection) {
        EXPECT_TRUE(store::find_linked(connection, "xero", "tenant-a").has_value());
        EXPECT_FALSE(store::find_linked(connection, "qbo", "tenant-a").has_value());
        auto row = *store::get_connection(connection, ConnectionId("con_a"));
        row.state = "disconnected";
        store::update_connection(connection, row);
        EXPECT_FALSE(store::find_linked(connection, "xero", "tenant-a").has_value());
    });
}

TEST_F(Rows, ACreateThatEndedWithAQuestionStaysUnclearUntilItHasALink) {
    const auto accepted = accept(RecordKind::contact, "C1", R"({"name": "Ada", "customer": true})");
    ASSERT_TRUE(accepted.ok());
    const auto record = accepted->record;
    const auto unclear = [&](store::Connection& connection) {
        return store::load_subject(connection, record)->unclear;
    };
    write([&](store::Connection& connection) {
        store::Attempt attempt;
        attempt.record_id = record;
        attempt.role = "contact";
        attempt.verb = "create";
        attempt.outcome = "rejected";
        attempt.code = "business_rule";
        ASSERT_TRUE(store::add_attempt(connection, attempt).ok());
        EXPECT_TRUE(unclear(connection).empty()) << "the provider said no: there is nothing to look for";
        attempt.code = "outcome_unclear";
        ASSERT_TRUE(store::add_attempt(connection, attempt).ok());
        EXPECT_EQ(unclear(connection), std::vector<std::string>{"contact"});
        Link link;
        link.role = "contact";
        link.entity = "Contact";
        link.id = "1";
        ASSERT_TRUE(store::save_link(connection, record, link, clock->wall_now()).ok());
        EXPECT_TRUE(unclear(connection).empty());
    });
}

TEST_F(Rows, APaymentIsLoadedWithTheCurrencyOfItsInvoice) {
    ASSERT_TRUE(accept(RecordKind::contact, "C1", a_contact()).ok());
    const auto invoice = accept(RecordKind::invoice, "I1", an_invoice("I1"));
    ASSERT_TRUE(invoice.ok()) << invoice.error().detail;
    const auto payment = accept(RecordKind::payment, "P1", a_payment("I1"));
    ASSERT_TRUE(payment.ok()) << payment.error().detail;
    write([&](store::Connection& connection) {
        const auto loaded = store::load_subject(connection, payment->record);
        ASSERT_TRUE(loaded.ok());
        EXPECT_EQ(loaded->subject.currencies,
                  (std::map<Reference, Currency>{{{RecordKind::invoice, "I1"}, Currency{"GBP"}}}));
    });
}

TEST_F(Rows, AnAnswerIsKeptForSevenDays) {
    const store::IdempotencyKey key{"key:1", "PUT /x", "k"};
    const WallTime now = clock->wall_now();
    write([&](store::Connection& connection) {
        store::store_answer(connection, key, {"hash", 202, "{}"}, now);
        EXPECT_EQ(store::find_answer(connection, key, now + std::chrono::hours(167))->status, 202);
        EXPECT_FALSE(store::find_answer(connection, key, now + std::chrono::hours(169)).has_value());
        EXPECT_FALSE(store::find_answer(connection, {"key:2", "PUT /x", "k"}, now).has_value());
    });
}

TEST_F(Rows, EventsArePagedByTheirSequenceAndPartner) {
    write([&](store::Connection& connection) {
        for (const char* partner : {"par_a", "par_b", "par_a"})
            store::append_event(connection, {clock->wall_now(), PartnerId(partner), ConnectionId(), "t", "{}"});
        const auto all = store::list_events(connection, {}, 0, 10);
        ASSERT_EQ(all.size(), 3u);
        EXPECT_EQ(store::list_events(connection, {}, all[0].seq, 1).at(0).seq, all[1].seq);
        EXPECT_EQ(store::list_events(connection, {"par_a", std::nullopt}, 0, 10).size(), 2u);
    });
}

TEST_F(Rows, AKeyEndsAtTheEarlierOfItsTwoEnds) {
    write([&](store::Connection& connection) {
        store::ApiKeyRow key{"key_1",    "hash",       "admin",      std::nullopt, "n",
                             from_ms(1), from_ms(100), std::nullopt, std::nullopt};
        store::insert_api_key(connection, key);
        store::expire_api_key(connection, "key_1", from_ms(500));
        EXPECT_EQ(store::find_api_key_by_hash(connection, "hash")->expires, from_ms(100));
        store::expire_api_key(connection, "key_1", from_ms(50));
        EXPECT_EQ(store::get_api_key(connection, "key_1")->expires, from_ms(50));
        EXPECT_TRUE(store::revoke_api_key(connection, "key_1", from_ms(60)));
        EXPECT_FALSE(store::revoke_api_key(connection, "key_1", from_ms(70)));
    });
}

TEST_F(Rows, ReplaysArePagedNewestFirst) {
    write([&](store::Connection& connection) {
        for (int i = 0; i < 3; ++i)
            store::insert_replay(connection,
                                 {"rep_" + std::to_string(i), i == 1 ? "par_a" : "", "k", "{}", i, from_ms(i)});
        const auto all = store::list_replays(connection, std::nullopt, std::nullopt, 2);
        ASSERT_EQ(all.size(), 2u);
        EXPECT_EQ(all[0].id, "rep_2");
        const auto rest = store::list_replays(connection, std::nullopt, std::pair{to_ms(all[1].created), all[1].id}, 2);
        ASSERT_EQ(rest.size(), 1u);
        EXPECT_EQ(rest[0].id, "rep_0");
        EXPECT_EQ(store::list_replays(connection, "par_a", std::nullopt, 5).size(), 1u);
    });
}

struct Records : BooksTest {};

TEST_F(Records, NameTheJobThatCarriesThemAlsoWhenItIsNotTheNewest) {
    set_posting("automatic");
    const auto first = accept(RecordKind::contact, "C1", a_contact("A"));
    ASSERT_TRUE(first.ok());
    const auto record = [&] {
        return *read<std::optional<store::RecordRow>>(
            [&](store::Connection& connection) { return store::get_record(connection, first->record); });
    };
    const auto sending = claim(*first->job);
    const auto second = accept(RecordKind::contact, "C1", a_contact("B"));
    ASSERT_TRUE(second.ok());
    EXPECT_EQ(record().job, second->job) << "the follow-up carries the newest version";
    settle(sending, queue::Settlement::again());
    EXPECT_EQ(record().job, first->job) << "folded into the older job";
    EXPECT_EQ(record().job_state, queue::JobState::waiting);
    park(*first->job);
    const auto parked = read<std::vector<store::RecordRow>>([&](store::Connection& connection) {
        return store::list_records(connection, ConnectionId("con_a"), {{}, queue::JobState::parked}, 0, 10);
    });
    ASSERT_EQ(parked.size(), 1u);
    EXPECT_EQ(parked[0].job, first->job);
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) { return transaction.cancel(*first->job); }).ok());
    EXPECT_EQ(record().job, second->job) << "nothing is open: the newest one";
}

}  // namespace
}  // namespace spillway::test
