#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "services/spillway/consent.hpp"
#include "services/spillway/progress.hpp"
#include "services/spillway/run.hpp"
#include "tests/unit/spillway/sample.hpp"

using namespace spillway;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

struct Ran {
    int code = 0;
    std::string out, err;
};

Ran run(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    cli::Terminal terminal{out, err, false, [](const std::string&) { return std::optional<std::string>(); }};
    const int code = cli::run(std::move(arguments), terminal);
    return {code, out.str(), err.str()};
}

}  // namespace

TEST(Cli, AnswersBadArgumentsInOneLine) {
    const std::vector<std::vector<std::string>> cases = {
        {},
        {"bogus"},
        {"connections"},
        {"connections", "connect", "--provider", "sage", "--partner", "p"},
        {"connections", "mapping", "set", "c1"},
        {"import", "--format", "retail-csv"},
        {"import", "--format", "retail-csv", test::dirty_file()},
        {"import", "--format", "no-such-format", test::dirty_file(), "--dry-run"},
        {"import", "--format", "retail-csv", "no-such-file.csv", "--dry-run"},
        {"import", "--format", "retail-csv", SPILLWAY_SOURCE_DIR, "--dry-run"},
        {"import", "--format", test::dirty_file(), test::dirty_file(), "--dry-run"},
        {"sync"},
        {"jobs", "get", "seven"},
        {"jobs", "list", "--limit", "0"},
        {"jobs", "resolve", "1"},
        {"replay"},
        {"replay", "--dry-run"},
        {"hold", "set", "--all"},
        {"hold", "set", "--reason", "r"},
        {"hold", "lift", "--all", "--kind", "push.invoice"},
        {"jobs", "blocked"},
        {"keys", "create", "--name", "x"},
        {"generate-month", "--documents", "0"},
        {"tie-out", "--source", test::dirty_file(), "--format", "retail-csv", "--sandbox", "http://127.0.0.1:1",
         "--seconds", "soon"},
        {"status", "--url", "ftp://example.com"},
        {"status", "--key-file", "no-such-file"},
    };
    for (const auto& arguments : cases) {
        const Ran ran = run(arguments);
        const std::string all = testing::PrintToString(arguments);
        EXPECT_EQ(ran.code, cli::kBadUsage) << all << ran.err;
        EXPECT_TRUE(ran.err.starts_with("spillway: ")) << all << ran.err;
        EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << all << ran.err;
    }
}

TEST(Cli, SaysWhenTheServiceIsNotThere) {
    const Ran ran = run({"status", "--url", "http://127.0.0.1:1"});
    EXPECT_EQ(ran.code, cli::kUnreachable);
    EXPECT_THAT(ran.err, HasSubstr("http://127.0.0.1:1 does not answer"));
}

TEST(Cli, RepairsNothingWhereThereIsNoStore) {
    const std::string folder = ::testing::TempDir() + "spillway-no-store";
    std::filesystem::create_directories(folder);
    const Ran ran = run({"repair", "--state", folder});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr(folder + "/spillway.db"));
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    std::filesystem::remove_all(folder);
}

TEST(Cli, ReportsADryRun) {
    const Ran text = run({"import", "--format", "retail-csv", test::dirty_file(), "--dry-run"});
    EXPECT_EQ(text.code, cli::kOk) << text.err;
    EXPECT_THAT(text.out, HasSubstr("Imported 67.10 + excluded 0.00 + rounding 0.00 = the file's 67.10"));
    const Ran json = run({"--json", "import", "--format", "retail-csv", test::dirty_file(), "--dry-run"});
    const auto report = parse_json(json.out);
    ASSERT_TRUE(report.ok()) << json.out;
    EXPECT_EQ((*report)["report"]["imported"]["total"].text(), "67.10");
    EXPECT_TRUE((*report)["report"]["adds_up"].bool_or(false));
}

TEST(Cli, PrintsHelpAndVersion) {
    EXPECT_EQ(run({"--help"}).code, cli::kOk);
    EXPECT_THAT(run({"import", "--help"}).out, HasSubstr("--dry-run"));
    EXPECT_THAT(run({"--version"}).out, EndsWith("\n"));
}

TEST(Cli, GeneratesAMonthThatItCanImport) {
    const Ran month = run({"generate-month", "--documents", "20", "--seed", "5"});
    ASSERT_EQ(month.code, cli::kOk);
    EXPECT_EQ(csv::import_csv(month.out, test::retail())->imported.documents, 20u);
}

TEST(Cli, DrawsABar) {
    EXPECT_EQ(cli::bar(0, 4), "[------------------------]   0 %");
    EXPECT_EQ(cli::bar(1, 4), "[######------------------]  25 %");
    EXPECT_EQ(cli::bar(9, 4), "[########################] 100 %");
    EXPECT_EQ(cli::span_text(Millis{125'900}), "2 min 05 s");
}

TEST(Consent, KeepsWhatThePagePreselects) {
    const std::string radio =
        R"(<form method="post" action="/go"><input type="hidden" name="state" value="a&amp;b&quot;"><p><label>)"
        R"(<input type="radio" name="realm" value="1"> One</label></p><label><input type="radio" name="realm" value="2" checked> Two</label>)"
        R"(<button name="decision" value="deny">No</button></form>)";
    using Fields = std::vector<std::pair<std::string, std::string>>;
    const auto form = cli::read_consent_form(radio, "");
    ASSERT_TRUE(form.ok());
    EXPECT_EQ(form->action, "/go");
    EXPECT_EQ(form->fields, (Fields{{"state", "a&b\""}, {"realm", "2"}, {"decision", "allow"}}));
    EXPECT_EQ(cli::read_consent_form(radio, "One")->fields[1].second, "1");
    EXPECT_EQ(cli::read_consent_form(radio, "Three").error().code, "no_such_organisation");
    const std::string select =
        R"(<form action="/go"><select id="tenant" name="tenant"><option value="x">X</option><option value="y">Y</option></select></form>)";
    EXPECT_EQ(cli::read_consent_form(select, "")->fields, (Fields{{"tenant", "x"}, {"decision", "allow"}}));
    EXPECT_EQ(cli::read_consent_form(select, "y")->fields[0].second, "y");
    EXPECT_EQ(cli::read_consent_form("<p>error</p>", "").error().code, "no_form");
}

TEST(Consent, IsGivenOnThisMachineOnly) {
    EXPECT_TRUE(cli::is_local("http://127.0.0.1:8788/identity/connect/authorize?x=1"));
    EXPECT_TRUE(cli::is_local("http://localhost/a"));
    for (const char* url : {"https://login.xero.com/identity/connect/authorize", "http://127.0.0.1.example.com/",
                            "http://127.example.com/a", "http://localhost@example.com/", "nonsense"})
        EXPECT_FALSE(cli::is_local(url)) << url;
}
