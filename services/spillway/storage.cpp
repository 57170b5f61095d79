// The store: how it is, backups, checks, and the repair of a damaged one, which needs no service.

#include <fstream>
#include <ostream>

#include "migrations.hpp"
#include "queue/sqlite/repair.hpp"
#include "queue/sqlite/swap.hpp"
#include "schema/json_text.hpp"
#include "schema/runtime/real_clock.hpp"
#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

constexpr Millis kPause{500};

void show(Session& session, const JsonValue& storage) {
    session.out() << "log " << storage["log_bytes"].text() << " of " << storage["log_bytes_max"].text()
                  << " bytes, free " << storage["free_bytes"].text() << " bytes (" << storage["room"].string_or("")
                  << ")\n";
    const JsonValue& check = storage["last_check"];
    if (check.is_object())
        session.out() << check["depth"].string_or("") << " at " << check["at"].string_or("") << ": "
                      << (check["complete"].bool_or(false) ? "complete, " : "cut short, ")
                      << check["problems"].items().size() << " problems\n";
    for (const JsonValue& problem : storage["damage"].items())
        session.out() << "damaged: " << problem.string_or("") << "\n";
    const JsonValue& rebuild = storage["rebuild"];
    if (rebuild.is_object()) {
        session.out() << "indexes rebuilt at " << rebuild["at"].string_or("") << ": " << rebuild["done"].text()
                      << " of " << rebuild["total"].text() << (rebuild["complete"].bool_or(false) ? "" : ", not ended")
                      << "\n";
        for (const JsonValue& problem : rebuild["problems"].items())
            session.out() << "not rebuilt: " << problem.string_or("") << "\n";
    }
    const JsonValue& spill = storage["spill"];
    if (spill["entries"].int64_or(0) > 0 || spill["out_of_reach"].bool_or(false))
        session.out() << "spill file: " << spill["entries"].text() << " submissions in " << spill["bytes"].text()
                      << " of " << spill["bytes_max"].text() << " bytes wait to be merged\n";
    const JsonValue& backup = storage["last_backup"];
    if (!backup.is_object()) return;
    session.out() << "backup " << backup["file"].string_or("") << " at " << backup["at"].string_or("") << ": ";
    const std::string failure = backup["failure"].string_or("");
    session.out() << (failure.empty() ? std::string(backup["bytes"].text()) + " bytes" : failure) << "\n";
}

/// Starts something and waits for its end. @return the storage as it is then.
Result<JsonValue> carry_out(Session& session, const std::string& target, std::string body) {
    const auto client = session.client();
    if (!client.ok()) return client.error();
    auto storage = (*client)->post(target, std::move(body));
    while (storage.ok() && !(*storage)["under_way"].string_or("").empty()) {
        (*client)->sleep(kPause);
        storage = (*client)->get("/v1/storage");
    }
    return storage;
}

void show_report(Session& session, const queue::sqlite::RepairReport& report) {
    for (const std::string& problem : report.before) session.out() << "was: " << problem << "\n";
    for (const auto& table : report.tables) {
        session.out() << table.name << ": " << table.rows << " rows";
        if (table.lost > 0) session.out() << ", " << table.lost << " LOST";
        if (table.refused > 0) session.out() << ", " << table.refused << " at odds with others";
        if (table.unreadable_in_part) session.out() << ", unreadable in part";
        session.out() << "\n";
    }
    for (const std::string& problem : report.after) session.out() << "left: " << problem << "\n";
}

}  // namespace

int show_storage(Session& session) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    const auto storage = (*client)->get("/v1/storage");
    if (!storage.ok()) return session.fail(storage.error());
    return session.print(*storage, [&](const JsonValue& one) { show(session, one); });
}

int back_up(Session& session, const std::string& name) {
    JsonText body;
    body.object().member("name", name).close();
    const auto storage = carry_out(session, "/v1/storage/backups", std::move(body).take());
    if (!storage.ok()) return session.fail(storage.error());
    const int printed = session.print(*storage, [&](const JsonValue& one) { show(session, one); });
    return (*storage)["last_backup"]["failure"].string_or("").empty() ? printed : kFailed;
}

int check_storage(Session& session, bool full) {
    JsonText body;
    body.object().member("full", full).close();
    const auto storage = carry_out(session, "/v1/storage/checks", std::move(body).take());
    if (!storage.ok()) return session.fail(storage.error());
    const int printed = session.print(*storage, [&](const JsonValue& one) { show(session, one); });
    const bool sound = (*storage)["damage"].items().empty() && (*storage)["last_check"]["complete"].bool_or(false);
    return sound ? printed : kFailed;
}

int rebuild_indexes(Session& session) {
    const auto storage = carry_out(session, "/v1/storage/rebuilds", "");
    if (!storage.ok()) return session.fail(storage.error());
    const int printed = session.print(*storage, [&](const JsonValue& one) { show(session, one); });
    const JsonValue& rebuild = (*storage)["rebuild"];
    const bool mended = rebuild["complete"].bool_or(false) && rebuild["problems"].items().empty() &&
                        (*storage)["damage"].items().empty();
    return mended ? printed : kFailed;
}

/// What the callers were told of may be gone: the service shall begin a new generation, and look before it sends.
Result<void> begin_new_generation(const std::string& state_dir) {
    const std::string path = state_dir + "/generation";
    std::ofstream file(path, std::ios::trunc);
    file << "repaired\n";
    file.close();
    if (!file || !queue::sqlite::sync_file(path) || !queue::sqlite::sync_folder_of(path))
        return invalid("state_dir", "cannot write " + path);
    return success();
}

int repair_store(Session& session, const std::string& state_dir, bool accept_loss) {
    queue::sqlite::RepairOptions options;
    options.path = state_dir + "/spillway.db";
    options.migrations = embedded::migrations;
    options.accept_loss = accept_loss;
    options.stamp = std::to_string(to_ms(RealClock().wall_now()));
    options.before_lossy_swap = [&state_dir] { return begin_new_generation(state_dir); };
    const auto report = queue::sqlite::repair(options);
    if (!report.ok()) return session.fail(report.error());
    show_report(session, *report);
    if (report->kept.empty()) {
        session.err() << "spillway: rows are lost, so nothing was changed; restore a backup, or go on without them: "
                         "--accept-loss\n";
        return kFailed;
    }
    session.out() << "repaired; the old file is " << report->kept << "\n";
    return kOk;
}

}  // namespace spillway::cli
