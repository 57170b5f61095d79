#include "tests/bench/http/books.hpp"

#include <filesystem>

#include "connectors/provider.hpp"
#include "schema/record_json.hpp"
#include "services/store/intake.hpp"
#include "services/store/partners.hpp"
#include "tests/bench/http/invoice.hpp"
#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {
namespace {

/// As a real organisation has them: what intake must not read or write with every record.
Books some_books() {
    Books books;
    books.tenant_id = "tenant";
    books.name = "Platform Books Ltd";
    books.country = "GB";
    for (int code = 200; code < 280; ++code) {
        Account account;
        account.id = "00000000-0000-4000-8000-000000000" + std::to_string(code);
        account.code = std::to_string(code);
        account.name = "Account of sales, region " + account.code;
        account.type = "REVENUE";
        account.takes_sales = true;
        books.accounts.push_back(std::move(account));
    }
    return books;
}

Result<void> add_connection(queue::Transaction& transaction, const std::string& posting) {
    auto& connection = queue::sqlite::connection_of(transaction);
    store::insert_partner(connection, {PartnerId("par_bench"), "Platform"});
    store::ConnectionRow row;
    row.id = ConnectionId(kConnection);
    row.partner = PartnerId("par_bench");
    row.provider = "xero";
    row.state = "active";
    row.posting = posting;
    row.tenant_id = "tenant";
    row.grant = GrantId("grt_bench");
    row.books = write_books(some_books());
    store::insert_connection(connection, row);
    return success();
}

Result<void> add_contacts(queue::Transaction& transaction) {
    store::Intake intake{ConnectionId(kConnection), "key:bench"};
    for (std::int64_t number = 0; number < kContacts; ++number) {
        const auto contact = read_record(RecordKind::contact, contact_json(number));
        if (!contact.ok()) return contact.error();
        const auto accepted = store::accept_record(transaction, intake, ExternalId(contact_id(number)),
                                                   store::PreparedRecord(contact.value()));
        if (!accepted.ok()) return accepted.error();
    }
    return transaction.release(kConnection, "posting", 1'000'000);
}

awaitable<void> fill_books(Rig& rig, std::string posting) {
    queue::Work add = [posting](queue::Transaction& transaction) -> Result<void> {
        auto made = add_connection(transaction, posting);
        if (!made.ok()) return made;
        return add_contacts(transaction);
    };
    const auto added = co_await rig.store().commit(queue::CommandClass::intake, std::move(add));
    must(added);
    auto claims = rig.store().claim(kConnection, "push.contact", kContacts);
    if (claims.size() != kContacts) must(Error{ErrorKind::bug, "no_claims", "the contacts are not claimable"});
    queue::Work apply = [claims = std::move(claims)](queue::Transaction& transaction) -> Result<void> {
        for (const queue::Claim& claim : claims) {
            auto settled = transaction.settle(claim, queue::Settlement::applied(1));
            if (!settled.ok()) return settled;
        }
        store::run(queue::sqlite::connection_of(transaction), "UPDATE records SET applied_version = version");
        return success();
    };
    const auto applied = co_await rig.store().commit(queue::CommandClass::settle, std::move(apply));
    must(applied);
}

}  // namespace

void make_books(const std::string& state, const std::string& posting) {
    std::filesystem::create_directories(state);
    Rig rig(state + "/spillway.db");
    rig.spawn(fill_books(rig, posting));
    rig.run();
    rig.close();
}

}  // namespace spillway::bench
