#include "tests/unit/store/books_fixture.hpp"

#include <stdlib.h>

#include "migrations.hpp"
#include "schema/record_json.hpp"

namespace spillway::test {
namespace {

std::filesystem::path new_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spillway-books-XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    SPILLWAY_ASSERT(made != nullptr);
    return made;
}

store::ConnectionRow connection_row(const std::string& letter, const std::string& provider, WallTime now) {
    store::ConnectionRow row;
    row.id = ConnectionId("con_" + letter);
    row.partner = PartnerId("par_" + letter);
    row.provider = provider;
    row.state = "active";
    row.tenant_id = "tenant-" + letter;
    row.tenant_name = "Books of " + letter;
    row.grant = GrantId("grt_" + letter);
    row.created = row.changed = now;
    return row;
}

}  // namespace

BooksTest::BooksTest(Storage where) : storage(where), folder(new_folder()), clock(std::make_unique<SimClock>(io)) {
    queue::sqlite::Settings settings;
    settings.path = (folder / "store.db").string();
    settings.migrations = embedded::migrations;
    settings.on_loop = storage == Storage::on_loop;
    settings.storage = GateExecutor(gate);
    settings.read_limit = Millis{0};
    settings.free_bytes = [this] { return free_bytes.load(); };
    auto opened = queue::sqlite::SqliteStore::open(io.get_executor(), *clock, settings);
    if (!opened.ok()) throw std::runtime_error(opened.error().detail);
    store = std::move(opened).value();
    const WallTime now = clock->wall_now();
    auto seeded = commit([now](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        for (const char* letter : {"a", "b"}) {
            store::insert_partner(connection, {PartnerId("par_" + std::string(letter)), letter, "active", now});
            store::insert_connection(connection, connection_row(letter, letter[0] == 'a' ? "xero" : "qbo", now));
        }
        return success();
    });
    if (!seeded.ok()) throw std::runtime_error(seeded.error().detail);
}

BooksTest::~BooksTest() {
    gate.open();
    store.reset();
    std::error_code ignored;  // a folder left behind harms nobody
    std::filesystem::remove_all(folder, ignored);
}

Result<void> BooksTest::commit(queue::Work work) {
    return finish(store->commit(queue::CommandClass::settle, std::move(work)));
}

Result<store::Accepted> BooksTest::accept(RecordKind kind, const std::string& external_id, const std::string& json,
                                          const std::string& connection) {
    const auto record = read_record(kind, json);
    if (!record.ok()) throw std::runtime_error(record.error().code + " at " + record.error().pointer);
    const store::Intake intake{ConnectionId(connection), "key:test", clock->wall_now(), queue::Priority::normal};
    return commit_value<store::Accepted>([=, record = *record](queue::Transaction& transaction) {
        return store::accept_record(transaction, intake, ExternalId(external_id), record);
    });
}

Result<store::Accepted> BooksTest::accept_void(RecordKind kind, const std::string& external_id) {
    const store::Intake intake{ConnectionId("con_a"), "key:test", clock->wall_now(), queue::Priority::normal};
    return commit_value<store::Accepted>([=](queue::Transaction& transaction) {
        return store::accept_void(transaction, intake, kind, ExternalId(external_id));
    });
}

void BooksTest::apply(const store::Accepted& accepted) {
    release_posting();
    const auto mine = claim(*accepted.job);
    auto settled = commit([&](queue::Transaction& transaction) {
        store::run(queue::sqlite::connection_of(transaction), "UPDATE records SET applied_version = ?2 WHERE id = ?1",
                   accepted.record, accepted.version);
        return transaction.settle(mine, queue::Settlement::applied(accepted.version));
    });
    ASSERT_TRUE(settled.ok()) << settled.error().code;
}

void BooksTest::park(queue::JobId id) {
    release_posting(job(id).lane);
    settle(claim(id), queue::Settlement::parked("total_mismatch", "off by 0.01", "correct the total"));
    ASSERT_EQ(job(id).state, queue::JobState::parked);
}

queue::Claim BooksTest::claim(queue::JobId id) {
    const auto wanted = job(id);
    queue::Claim mine;
    for (const auto& each : store->claim(wanted.lane, wanted.kind, 100)) {
        if (each.id == id)
            mine = each;
        else
            store->unclaim(wanted.lane, {each});
    }
    EXPECT_EQ(mine.id, id) << "not claimable";
    return mine;
}

void BooksTest::begin_effect(const queue::Claim& claim) {
    ASSERT_TRUE(commit([&](queue::Transaction& transaction) { return transaction.start(claim); }).ok());
}

void BooksTest::settle(const queue::Claim& claim, const queue::Settlement& settlement) {
    auto settled = commit([&](queue::Transaction& transaction) { return transaction.settle(claim, settlement); });
    ASSERT_TRUE(settled.ok()) << settled.error().code;
}

void BooksTest::release_posting(const std::string& lane) {
    auto freed =
        commit([&](queue::Transaction& transaction) { return transaction.release(lane, "posting", 1'000'000); });
    ASSERT_TRUE(freed.ok());
}

queue::Job BooksTest::job(queue::JobId id) {
    auto found = commit_value<queue::Job>([id](queue::Transaction& transaction) { return transaction.get(id); });
    EXPECT_TRUE(found.ok());
    return *found;
}

std::string BooksTest::waits_of(const store::Accepted& accepted) {
    auto waits = job(*accepted.job).waits;
    std::ranges::sort(waits);
    std::string out;
    for (const auto& wait : waits) out += (out.empty() ? "" : ",") + wait.key + "@" + std::to_string(wait.level);
    return out;
}

void BooksTest::set_posting(const std::string& posting) {
    auto done = commit([&](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        auto row = store::get_connection(connection, ConnectionId("con_a"));
        row->posting = posting;
        store::update_connection(connection, *row);
        return success();
    });
    ASSERT_TRUE(done.ok());
}

std::string a_contact(const std::string& name) { return R"({"name":")" + name + R"(","customer":true})"; }

std::string an_item(const std::string& code) { return R"({"code":")" + code + R"(","name":"Thing"})"; }

std::string an_invoice(const std::string& number, const std::string& contact, const std::string& extra) {
    return R"({"contact":")" + contact + R"(","number":")" + number +
           R"(","date":"2026-01-05","currency":"GBP","amounts":"none","lines":[{"description":"Work","quantity":1,)"
           R"("unit_price":10.00}],"total":10.00)" +
           extra + "}";
}

std::string a_payment(const std::string& invoice) {
    return R"({"contact":"C1","date":"2026-01-05","currency":"GBP","amount":10.00,"applies_to":[{"invoice":")" +
           invoice + R"(","amount":10.00}]})";
}

}  // namespace spillway::test
