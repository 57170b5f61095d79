// The store under the service: how it is, backups and checks.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <filesystem>

#include "schema/json_text.hpp"
#include "schema/runtime/log.hpp"
#include "services/api/answers.hpp"
#include "services/api/operations.hpp"

namespace spillway::api {
namespace {

using queue::sqlite::BackupReport;
using queue::sqlite::CheckDepth;
using queue::sqlite::CheckReport;
using queue::sqlite::RebuildReport;
using queue::sqlite::StorageStatus;

void write_check(JsonText& json, const CheckReport& check) {
    json.object().member("depth", to_string(check.depth)).member("at", format_utc(check.at));
    json.member("seconds", seconds_text(check.took.count())).member("complete", check.complete);
    json.key("problems").array();
    for (const std::string& problem : check.problems) json.value(problem);
    json.close().close();
}

void write_backup(JsonText& json, const BackupReport& backup) {
    json.object().member("file", backup.path).member("at", format_utc(backup.at));
    json.member("seconds", seconds_text(backup.took.count())).member("bytes", backup.bytes);
    json.member("failure", backup.failure).close();
}

void write_rebuild(JsonText& json, const RebuildReport& rebuild) {
    json.object().member("at", format_utc(rebuild.at)).member("seconds", seconds_text(rebuild.took.count()));
    json.member("done", rebuild.done).member("total", rebuild.total).member("index", rebuild.index);
    json.member("complete", rebuild.complete).key("problems").array();
    for (const std::string& problem : rebuild.problems) json.value(problem);
    json.close().close();
}

void write_spill(JsonText& json, const spill::Status& spill) {
    json.object().member("out_of_reach", spill.out_of_reach).member("entries", spill.entries);
    json.member("bytes", spill.bytes).member("bytes_max", spill.bytes_max).member("taken", spill.taken);
    json.member("accepted", spill.merged.accepted).member("unchanged", spill.merged.unchanged);
    json.member("superseded", spill.merged.superseded).member("repeated", spill.merged.repeated);
    json.member("refused", spill.merged.refused).member("failure", spill.failure).close();
}

HttpResponse storage_response(const ApiContext& context, int status_code) {
    const StorageStatus status = context.store.status();
    JsonText json;
    json.object().member("generation", context.settings.generation);
    json.member("log_bytes", status.log_bytes).member("log_bytes_max", status.log_bytes_max);
    json.member("free_bytes", status.free_bytes).member("room", to_string(status.room));
    json.member("oldest_snapshot_ms", status.oldest_snapshot ? status.oldest_snapshot->count() : 0);
    json.member("under_way", status.under_way).key("damage").array();
    for (const std::string& problem : status.damage) json.value(problem);
    json.close();
    if (status.last_check) {
        json.key("last_check");
        write_check(json, *status.last_check);
    }
    if (status.last_backup) {
        json.key("last_backup");
        write_backup(json, *status.last_backup);
    }
    if (status.rebuild) {
        json.key("rebuild");
        write_rebuild(json, *status.rebuild);
    }
    if (context.spill) {
        json.key("spill");
        write_spill(json, context.spill->status());
    }
    json.close();
    return json_response(status_code, std::move(json).take());
}

/// A plain file name: an API that writes wherever it is told would be a hole.
bool plain_name(const std::string& name) {
    return name.front() != '.' && name.find_first_of("/\\") == std::string::npos;
}

std::optional<Error> busy(const ApiContext& context) {
    const std::string under_way = context.store.status().under_way;
    if (under_way.empty()) return std::nullopt;
    return Error{ErrorKind::conflict, "in_care", "a " + under_way + " is under way"};
}

awaitable<void> carry_out_backup(ApiContext& context, std::string path) {
    [[maybe_unused]] auto report = co_await context.store.backup(std::move(path));  // kept in the store's status
}

awaitable<void> carry_out_check(ApiContext& context, CheckDepth depth) {
    [[maybe_unused]] auto report = co_await context.store.check(depth);
}

/// A rebuild that went through is judged by a check, which also takes back what an earlier one had found.
awaitable<void> carry_out_rebuild(ApiContext& context) {
    log_warn("rebuild_began");
    const auto rebuilt = co_await context.store.rebuild_indexes();
    if (!rebuilt.ok()) co_return;
    for (const std::string& problem : rebuilt->problems) log_error("index_not_rebuilt", {{"detail", problem}});
    log_info("rebuild_ended", {{"dur_ms", rebuilt->took}, {"indexes", rebuilt->done}, {"complete", rebuilt->complete}});
    if (rebuilt->complete) co_await carry_out_check(context, CheckDepth::full);
}

}  // namespace

awaitable<Reply> get_storage(Call& call) { co_return storage_response(call.context(), 200); }

awaitable<Reply> start_backup(Call& call) {
    const auto body = read_object_body(call, {"name"});
    if (!body.ok()) co_return problem_reply(body.error());
    const auto name = required_text(*body, "name", 200);
    if (!name.ok()) co_return problem_reply(name.error());
    if (!plain_name(*name)) co_return problem_reply(invalid("bad_name", "must be a plain file name", "/name"));
    if (const auto error = busy(call.context())) co_return problem_reply(*error);
    const std::string& folder = call.context().settings.backup_dir;
    if (folder.empty()) co_return problem_reply(Error{ErrorKind::conflict, "no_backup_dir", "there is no backup_dir"});
    const std::string path = folder + "/" + *name;
    if (std::filesystem::exists(path))
        co_return problem_reply(Error{ErrorKind::conflict, "backup_exists", path + " is there already"});
    auto work = carry_out_backup(call.context(), path);
    boost::asio::co_spawn(co_await boost::asio::this_coro::executor, std::move(work), boost::asio::detached);
    co_return storage_response(call.context(), 202);
}

awaitable<Reply> start_check(Call& call) {
    const auto body = read_object_body(call, {"full"}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    const JsonValue* full = body->find("full");
    if (full && !full->is_boolean()) co_return problem_reply(invalid("wrong_type", "must be true or false", "/full"));
    if (const auto error = busy(call.context())) co_return problem_reply(*error);
    auto work = carry_out_check(call.context(), full && full->bool_or(false) ? CheckDepth::full : CheckDepth::quick);
    boost::asio::co_spawn(co_await boost::asio::this_coro::executor, std::move(work), boost::asio::detached);
    co_return storage_response(call.context(), 202);
}

awaitable<Reply> start_rebuild(Call& call) {
    const auto body = read_object_body(call, {}, /*may_be_absent=*/true);
    if (!body.ok()) co_return problem_reply(body.error());
    if (const auto error = busy(call.context())) co_return problem_reply(*error);
    auto work = carry_out_rebuild(call.context());
    boost::asio::co_spawn(co_await boost::asio::this_coro::executor, std::move(work), boost::asio::detached);
    co_return storage_response(call.context(), 202);
}

void write_spill_metrics(std::string& out, const spill::Status& spill) {
    const auto metric = [&out](const char* type, const char* name, const char* help, std::int64_t value) {
        out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + " " +
               std::to_string(value) + "\n";
    };
    metric("gauge", "spillway_spill_out_of_reach",
           "1: the store cannot be asked to write, intake goes to the spill file.", spill.out_of_reach ? 1 : 0);
    metric("gauge", "spillway_spill_entries", "Acknowledged, not merged into the store yet.", spill.entries);
    metric("gauge", "spillway_spill_bytes", "Size of the spill file.", spill.bytes);
    metric("gauge", "spillway_spill_bytes_max", "Its bound.", spill.bytes_max);
    metric("gauge", "spillway_spill_failing", "1: merging does not go on.", spill.failure.empty() ? 0 : 1);
    metric("counter", "spillway_spill_taken_total", "Submissions taken into the spill file.", spill.taken);
    out +=
        "# HELP spillway_spill_merged_total What became of them in the store.\n"
        "# TYPE spillway_spill_merged_total counter\n";
    const std::pair<const char*, std::int64_t> outcomes[] = {{"accepted", spill.merged.accepted},
                                                             {"unchanged", spill.merged.unchanged},
                                                             {"superseded", spill.merged.superseded},
                                                             {"repeated", spill.merged.repeated},
                                                             {"refused", spill.merged.refused}};
    for (const auto& [outcome, count] : outcomes)
        out += std::string("spillway_spill_merged_total{outcome=\"") + outcome + "\"} " + std::to_string(count) + "\n";
}

void write_storage_metrics(std::string& out, const StorageStatus& status) {
    const auto gauge = [&out](const char* name, const char* help, const std::string& value) {
        out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " gauge\n" + name + " " + value + "\n";
    };
    gauge("spillway_storage_log_bytes", "Write-ahead log in use.", std::to_string(status.log_bytes));
    gauge("spillway_storage_log_bytes_peak", "Its longest since the start.", std::to_string(status.log_bytes_peak));
    gauge("spillway_storage_log_bytes_max", "The bound at which a backup gives way.",
          std::to_string(status.log_bytes_max));
    gauge("spillway_storage_checkpoints", "Since the start.", std::to_string(status.checkpoints));
    gauge("spillway_storage_checkpoint_seconds_max", "The longest since the start.",
          seconds_text((status.checkpoint_us_max + 999) / 1000));
    gauge("spillway_storage_oldest_snapshot_seconds", "Age of the oldest open read transaction.",
          seconds_text(status.oldest_snapshot ? status.oldest_snapshot->count() : 0));
    gauge("spillway_storage_reads_left_open", "Reads that left a statement half read, since the start.",
          std::to_string(status.left_open));
    gauge("spillway_storage_free_bytes", "Free space on the store's disk.", std::to_string(status.free_bytes));
    gauge("spillway_storage_room", "0 ample, 1 no intake, 2 settles only.",
          std::to_string(static_cast<int>(status.room)));
    gauge("spillway_storage_damaged", "1: a check has found damage.", status.damage.empty() ? "0" : "1");
    if (status.rebuild) {
        gauge("spillway_storage_rebuild_done", "Indexes made anew by the last rebuild.",
              std::to_string(status.rebuild->done));
        gauge("spillway_storage_rebuild_total", "Indexes that it is to make.", std::to_string(status.rebuild->total));
    }
    if (status.last_check)
        gauge("spillway_storage_last_check_timestamp_seconds", "When the last check ended.",
              seconds_text(to_ms(status.last_check->at)));
    if (status.last_backup && status.last_backup->failure.empty())
        gauge("spillway_storage_last_backup_timestamp_seconds", "When the last good backup ended.",
              seconds_text(to_ms(status.last_backup->at)));
}

}  // namespace spillway::api
