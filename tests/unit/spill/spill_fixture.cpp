#include "tests/unit/spill/spill_fixture.hpp"

#include <stdlib.h>

#include <filesystem>

#include "migrations.hpp"
#include "schema/json_value.hpp"
#include "schema/record_json.hpp"

namespace spillway::test {
namespace {

/// The database lies in memory; its lock file does not.
struct Folder {
    std::string path = (std::filesystem::temp_directory_path() / "spillway-spill-XXXXXX").string();
    Folder() {
        if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no folder");
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
};

queue::sqlite::Settings settings_of(FaultVfs& disk, Gate& gate) {
    queue::sqlite::Settings settings;
    static const Folder folder;
    settings.path = folder.path + "/store.db";
    settings.vfs = disk.name();
    settings.migrations = embedded::migrations;
    settings.on_loop = true;
    settings.storage = GateExecutor(gate);
    settings.read_limit = Millis{0};
    settings.free_bytes = [] { return std::int64_t{1} << 40; };
    return settings;
}

}  // namespace

Life::Life(FaultVfs& disk, std::int64_t spill_bytes)
    : clock(std::make_unique<SimClock>(io)), tasks(io.get_executor(), "life"), disk_(disk), spill_bytes_(spill_bytes) {}

Life::~Life() {
    // What still waits is abandoned with the loop, as by a process that dies.
    tasks.cancel(boost::asio::cancellation_type::terminal);
    gate.open();
    clock->run_for(Millis{0});
}

bool Life::open() {
    auto opened = queue::sqlite::SqliteStore::open(io.get_executor(), *clock, settings_of(disk_, gate));
    if (!opened.ok()) {
        failure_ = opened.error();
        return false;
    }
    store = std::move(opened).value();
    queue::SpillSettings file{.path = kSpillPath, .bytes_max = spill_bytes_, .vfs = disk_.name()};
    auto spilled = finish(spill::Spill::open({io.get_executor(), io.get_executor(), *store, *clock, std::move(file)}));
    if (!spilled.ok()) {
        failure_ = spilled.error();
        return false;
    }
    spill = std::move(spilled).value();
    tasks.spawn(spill->run(), "spill");
    return true;
}

Result<void> Life::commit(queue::Work work) {
    return finish(store->commit(queue::CommandClass::intake, std::move(work)));
}

Result<store::Accepted> Life::accept(const spill::Entry& entry) {
    std::function<Result<store::Accepted>(queue::Transaction&)> work =
        [entry](queue::Transaction& transaction) -> Result<store::Accepted> {
        if (entry.record.empty()) return store::accept_void(transaction, entry.intake, entry.kind, entry.external_id);
        const auto record = read_record(entry.kind, entry.record);
        if (!record.ok()) return record.error();
        return store::accept_record(transaction, entry.intake, entry.external_id, *record);
    };
    return finish(store->commit_value<store::Accepted>(queue::CommandClass::intake, std::move(work)));
}

bool Life::stand_still() {
    gate.close();
    queue::Work nothing = [](queue::Transaction&) { return success(); };
    auto waits = start(io, store->commit(queue::CommandClass::intake, std::move(nothing)));
    clock->run_for(Millis{3'000});
    return !waits.ended() && spill->out_of_reach();
}

void Life::go_on(Millis span) {
    gate.open();
    clock->run_for(span);
}

std::vector<std::string> Life::names(const std::string& external_id) {
    return read<std::vector<std::string>>([&](store::Connection& connection) {
        std::vector<std::string> names;
        const auto record =
            store::find_record(connection, ConnectionId("con_a"), RecordKind::contact, ExternalId(external_id));
        for (std::int64_t version = 1; record && version <= record->version; ++version) {
            const auto row = store::get_version(connection, record->id, version);
            names.push_back(!row ? "?" : row->voided ? "-" : (*parse_json(row->body))["name"].string_or(""));
        }
        return names;
    });
}

std::vector<std::string> Life::event_types() {
    return read<std::vector<std::string>>([](store::Connection& connection) {
        std::vector<std::string> types;
        for (const auto& row : store::list_events(connection, {}, 0, 200)) types.push_back(row.event.type);
        return types;
    });
}

void seed(Life& life) {
    const auto seeded = life.commit([](queue::Transaction& transaction) {
        auto& connection = queue::sqlite::connection_of(transaction);
        for (const std::string letter : {"a", "b"}) {
            store::insert_partner(connection, {PartnerId("par_" + letter), letter, "active", from_ms(0)});
            store::ConnectionRow row;
            row.id = ConnectionId("con_" + letter);
            row.partner = PartnerId("par_" + letter);
            row.provider = "xero";
            row.state = "active";
            row.tenant_id = "tenant-" + letter;
            store::insert_connection(connection, row);
        }
        return success();
    });
    ASSERT_TRUE(seeded.ok()) << seeded.error().detail;
}

spill::Entry a_put(const std::string& external_id, const std::string& name, const std::string& key) {
    spill::Entry entry;
    entry.intake = {ConnectionId("con_a"), "key:k", from_ms(1'767'603'600'000), queue::Priority::normal};
    entry.kind = RecordKind::contact;
    entry.external_id = ExternalId(external_id);
    entry.record = R"({"name":")" + name + R"(","customer":true})";
    if (!key.empty()) entry.keyed = spill::Entry::Keyed{"PUT /" + external_id, key, "hash of " + name};
    return entry;
}

spill::Entry a_void(const std::string& external_id) {
    spill::Entry entry = a_put(external_id, "");
    entry.record.clear();
    return entry;
}

}  // namespace spillway::test
