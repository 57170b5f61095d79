// kill -9 at random moments, again and again: the store on disk holds what it acknowledged, once, and nothing that was
// settled runs again.

#include <SQLiteCpp/Database.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <iostream>

#include "tests/crash/child.hpp"
#include "tests/crash/driver.hpp"
#include "tests/crash/worker.hpp"

namespace spillway::queue::test {

namespace {

struct Tally {
    std::uint64_t kills = 0;
    std::uint64_t clean_stops = 0;
    std::uint64_t killed_while_opening = 0;
    std::uint64_t killed_while_closing = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t jobs = 0;
    std::uint64_t copies = 0;
    std::uint64_t log_pages_left = 0;  ///< kills that left a log to recover from
};

/// One database through several deaths.
class Lives {
 public:
    Lives(std::uint64_t seed, std::string defect)
        : random_(seed), defect_(std::move(defect)), judge_(settings_with_ledger("").crashes_max) {}

    /// @return false when the judge has complained.
    bool die_once(Tally& tally) {
        const WorkerOptions options{path(), random_.next() >> 1, std::max(judge_.now_ms(), kStart), 6, defect_};
        Child child(to_arguments(options));
        const std::uint64_t how = random_.below(10);
        bool stopped = false;
        if (how == 0) {
            wait_micros(random_.below(60'000));
            ++tally.killed_while_opening;
        } else {
            listen(child, 1 + random_.below(500));
            wait_micros(random_.below(3'000));
        }
        if (how == 1 || how == 2) {
            child.ask_to_stop();
            if (random_.below(2) == 0) {
                wait_micros(random_.below(20'000));
                ++tally.killed_while_closing;
            } else {
                listen(child, std::numeric_limits<std::uint64_t>::max());
                stopped = true;
            }
        }
        if (!stopped) child.kill();
        listen(child, std::numeric_limits<std::uint64_t>::max());
        const int ended = child.reap();
        if (ended == 0) {
            ++tally.clean_stops;
        } else if (ended == -SIGKILL) {
            ++tally.kills;
        } else {
            judge_.complain("the process ended by itself with " + std::to_string(ended));
        }
        if (std::filesystem::exists(path() + "-wal") && std::filesystem::file_size(path() + "-wal") > 0)
            ++tally.log_pages_left;
        tally.copies += look_at_copies();
        return look();
    }

    /// A stop that is asked for, under load: it must end well.
    bool stop_once(Tally& tally) {
        const WorkerOptions options{path(), random_.next() >> 1, std::max(judge_.now_ms(), kStart), 6, defect_};
        Child child(to_arguments(options));
        listen(child, 100 + random_.below(400));
        child.ask_to_stop();
        listen(child, std::numeric_limits<std::uint64_t>::max());
        const int ended = child.reap();
        if (ended != 0) judge_.complain("the stop ended with " + std::to_string(ended));
        ++tally.clean_stops;
        return look();
    }

    /// The store is repaired as if it were damaged, and that is killed. It holds the same afterwards, in either file.
    bool repair_and_die(Tally& tally, std::uint64_t micros) {
        Child child({"repair", path()});
        if (micros == 0) {
            listen(child, 1);  // to its end
        } else {
            wait_micros(micros);
            child.kill();
        }
        const int ended = child.reap();
        if (ended != 0 && ended != -SIGKILL) judge_.complain("the repair ended with " + std::to_string(ended));
        if (ended == -SIGKILL) ++tally.kills;
        return look();
    }

    void add_to(Tally& tally) const {
        tally.acknowledged += judge_.acknowledged();
        tally.jobs += judge_.jobs();
    }
    [[nodiscard]] std::string complaints() const {
        std::string all;
        for (const std::string& each : judge_.complaints()) all += each + "\n";
        return all;
    }

 private:
    static constexpr std::int64_t kStart = 1'767'603'600'000;

    [[nodiscard]] std::string path() const { return folder_.file("store.db"); }

    /// Until so many lines have been heard, or the output has ended.
    void listen(Child& child, std::uint64_t lines) {
        for (std::uint64_t heard = 0; heard < lines; ++heard) {
            const auto line = child.line();
            if (!line || !hear(judge_, *line)) return;
        }
    }
    /// A backup that has its name is whole: a store with every operation up to some moment.
    std::uint64_t look_at_copies() {
        std::uint64_t found = 0;
        for (int copy = 1; copy <= 5; ++copy) {
            const std::string name = path() + ".copy" + std::to_string(copy);
            std::filesystem::remove(name + ".partial");
            if (!std::filesystem::exists(name)) continue;
            ++found;
            {
                SQLite::Database database(name);
                const auto number = [&](const char* sql) { return database.execAndGet(sql).getInt64(); };
                const std::string verdict = database.execAndGet("PRAGMA integrity_check").getString();
                if (verdict != "ok") judge_.complain("a copy is damaged: " + verdict);
                if (number("SELECT count(*) FROM ledger") != number("SELECT coalesce(max(n), 0) FROM ledger"))
                    judge_.complain("a copy lacks operations");
                if (number("SELECT count(*) FROM jobs") !=
                    number("SELECT coalesce(sum(jobs - pruned), 0) FROM lane_counts"))
                    judge_.complain("a copy has half of a commit");
            }
            std::filesystem::remove(name);
        }
        return found;
    }
    bool look() {
        Bench bench(settings_with_ledger(path()));
        bench.begin_at(from_ms(std::max(judge_.now_ms(), kStart)));
        const auto opened = bench.open();
        if (opened.ok()) {
            judge_.check(bench);
            if (random_.below(2) == 0) keep_the_log(bench);
        } else {
            judge_.complain("the store does not open: " + opened.error().code + " " + opened.error().detail);
        }
        return judge_.complaints().empty();
    }

    /// Else the last connection would move the log into the database as it closes, and it would always begin empty.
    static void keep_the_log(Bench& bench) {
        const auto kept = bench.commit([](Transaction& transaction) {
            auto* handle = sqlite::connection_of(transaction).database().getHandle();
            sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
            return success();
        });
        EXPECT_TRUE(kept.ok());
    }

    SeededRandom random_;
    std::string defect_;
    TempFolder folder_{};
    Judge judge_;
};

}  // namespace

TEST(Checklist, enqueue_ack_survives_kill9) {
    const std::uint64_t seed = from_environment("SPILLWAY_SEED", 1);
    const std::uint64_t kills = from_environment("SPILLWAY_KILLS", 110);
    constexpr int kDeathsOfOneStore = 25;
    Tally tally;
    for (std::uint64_t life = seed; tally.kills < kills; ++life) {
        Lives lives(life, "none");
        for (int death = 0; death < kDeathsOfOneStore && tally.kills < kills; ++death) {
            ASSERT_TRUE(lives.die_once(tally))
                << lives.complaints() << "store of seed " << life << ", death " << death
                << "; again: tests/crash/run --only Checklist.enqueue_ack_survives_kill9 --kills " << kDeathsOfOneStore
                << " --seed " << life;
        }
        lives.add_to(tally);
    }
    std::cout << tally.kills << " kills (" << tally.killed_while_opening << " while opening, "
              << tally.killed_while_closing << " while closing), " << tally.clean_stops << " clean stops, "
              << tally.log_pages_left << " logs to recover, " << tally.copies << " backups, " << tally.acknowledged
              << " answers, " << tally.jobs << " jobs: none lost, none doubled\n";
    EXPECT_GT(tally.acknowledged, tally.kills);
    EXPECT_GT(tally.log_pages_left, tally.kills / 2);
}

TEST(Checklist, deploy_loop_under_load) {
    Lives lives(from_environment("SPILLWAY_SEED", 1), "none");
    Tally tally;
    for (int deploy = 0; deploy < 12; ++deploy) ASSERT_TRUE(lives.stop_once(tally)) << lives.complaints();
    lives.add_to(tally);
    EXPECT_GT(tally.acknowledged, 300u);
}

TEST(KillHarness, ARepairThatIsKilledAnywhereLosesNothing) {
    SeededRandom random(from_environment("SPILLWAY_SEED", 1));
    Lives lives(random.next(), "none");
    Tally tally;
    for (int round = 0; round < 3; ++round) ASSERT_TRUE(lives.die_once(tally)) << lives.complaints();
    tally.kills = 0;
    // Each repair lives for a share of what one needs here, so that the kills hit it on a fast machine and a slow one.
    const auto began = std::chrono::steady_clock::now();
    ASSERT_TRUE(lives.repair_and_die(tally, 0)) << "a sound store: " << lives.complaints();
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    for (int death = 0; death < 30; ++death)
        ASSERT_TRUE(lives.repair_and_die(tally, 1 + random.below(static_cast<std::uint64_t>(whole.count()))))
            << "death " << death << ": " << lives.complaints();
    std::cout << tally.kills << " kills of 30 repairs\n";
    EXPECT_GT(tally.kills, 3u);
}

TEST(KillHarness, FindsEveryPlantedDefect) {
    for (const auto& [name, defect] : kDefects) {
        bool found = false;
        for (std::uint64_t life = 1; life <= 4 && !found; ++life) {
            Lives lives(life, std::string(name));
            Tally tally;
            for (int death = 0; death < 8 && !found; ++death) {
                found = !lives.die_once(tally);
                if (found) std::cout << name << ": " << lives.complaints().substr(0, 200) << "\n";
            }
        }
        EXPECT_TRUE(found) << name;
    }
}

}  // namespace spillway::queue::test

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && arguments.front() == "worker")
        return spillway::queue::test::work({arguments.begin() + 1, arguments.end()});
    if (arguments.size() == 2 && arguments.front() == "repair") return spillway::queue::test::mend(arguments[1]);
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
