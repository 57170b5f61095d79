// The store behind the API: its state, backups, checks, readiness, metrics.

#include <filesystem>

#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct StorageApi : ApiTest {
    StorageApi() {
        context.settings.backup_dir = (std::filesystem::temp_directory_path() / "spillway-backups-XXXXXX").string();
        if (::mkdtemp(context.settings.backup_dir.data()) == nullptr) throw std::runtime_error("no folder");
    }
    ~StorageApi() override { std::filesystem::remove_all(context.settings.backup_dir); }
    /// Lets what was started in the background end.
    void settle() { clock->run_for(Millis{0}); }
};

}  // namespace

TEST_F(StorageApi, ABackupIsStartedAndItsEndIsSeen) {
    const auto started = send("POST", "/v1/storage/backups", kAdmin, R"({"name":"monday.db"})");
    EXPECT_EQ(started.status, 202) << started.body;
    settle();
    const JsonValue storage = json(get("/v1/storage"));
    EXPECT_EQ(storage["under_way"].text(), "");
    EXPECT_EQ(storage["last_backup"]["failure"].text(), "");
    EXPECT_EQ(storage["generation"].text(), "g1");
    const std::string file(storage["last_backup"]["file"].text());
    EXPECT_EQ(file, context.settings.backup_dir + "/monday.db");
    EXPECT_EQ(storage["last_backup"]["bytes"].int64_or(0), static_cast<std::int64_t>(std::filesystem::file_size(file)));
    EXPECT_EQ(code(send("POST", "/v1/storage/backups", kAdmin, R"({"name":"monday.db"})")), "backup_exists");
}

TEST_F(StorageApi, ABackupsNameIsNoPath) {
    for (const char* name : {"../x.db", "/tmp/x.db", ".hidden", "a/b"}) {
        const auto refused = send("POST", "/v1/storage/backups", kAdmin, std::string(R"({"name":")") + name + R"("})");
        EXPECT_EQ(refused.status, 400) << name;
        EXPECT_EQ(code(refused), "bad_name");
    }
    EXPECT_TRUE(std::filesystem::is_empty(context.settings.backup_dir));
}

TEST_F(StorageApi, ACheckIsStartedAndReadinessShowsItsResult) {
    EXPECT_EQ(json(get("/readyz", ""))["storage_check"].text(), "not_yet");
    EXPECT_EQ(send("POST", "/v1/storage/checks", kAdmin, R"({"full":true})").status, 202);
    settle();
    const JsonValue storage = json(get("/v1/storage"));
    EXPECT_EQ(storage["last_check"]["depth"].text(), "integrity_check");
    EXPECT_TRUE(storage["last_check"]["complete"].bool_or(false));
    EXPECT_EQ(json(get("/readyz", ""))["storage_check"].text(), "passed");
}

TEST_F(StorageApi, OnlyAdministratorsMayLookAfterTheStore) {
    for (const char* key : {kPlatform, kPartnerA, kReadAll}) {
        EXPECT_EQ(get("/v1/storage", key).status, 403);
        EXPECT_EQ(send("POST", "/v1/storage/checks", key).status, 403);
        EXPECT_EQ(send("POST", "/v1/storage/backups", key, R"({"name":"x"})").status, 403);
    }
}

TEST_F(StorageApi, MetricsShowTheLogAndTheDisk) {
    const std::string text = get("/metrics").body;
    for (const char* name : {"spillway_storage_log_bytes ", "spillway_storage_free_bytes ", "spillway_storage_room 0",
                             "spillway_storage_damaged 0", "spillway_storage_oldest_snapshot_seconds "})
        EXPECT_NE(text.find(name), std::string::npos) << name;
}

}  // namespace spillway::test
