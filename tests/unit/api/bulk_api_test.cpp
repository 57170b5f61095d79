// Many records in one request, whole or in parts.

#include <fstream>

#include "services/api/bulk_lines.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {
namespace {

struct Bulk : ApiTest {
    HttpResponse bulk(const std::string& body, HttpHeaders headers = {}) {
        return send("POST", "/v1/connections/con_a/records:bulk", kPartnerA, body, std::move(headers));
    }
};

std::string bulk_line(int number) {
    return R"({"kind":"contact","external_id":"C)" + std::to_string(number) + R"(","record":)" +
           a_contact("Name " + std::to_string(number)) + "}\n";
}

TEST_F(Bulk, ABadLineFailsAlone) {
    const std::string body = bulk_line(1) + "{\n\n" + R"({"kind":"contact","external_id":"C2","record":{"nam":1}})" +
                             "\n" + R"({"kind":"contact","external_id":"none","void":true})" + "\n" + bulk_line(3) +
                             bulk_line(1);
    const auto response = bulk(body, {{"Accept", "application/json"}});
    ASSERT_EQ(response.status, 200);
    const auto results = json(response);
    ASSERT_EQ(results.items().size(), 6u) << response.body;
    const std::vector<std::pair<int, int>> expected{{1, 202}, {2, 400}, {4, 422}, {5, 404}, {6, 202}, {7, 200}};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(results.items()[i]["line"].int64_or(0), expected[i].first);
        EXPECT_EQ(results.items()[i]["status"].int64_or(0), expected[i].second) << i;
    }
    EXPECT_EQ(results.items()[2]["problem"]["pointer"].text(), "/record/nam");
    EXPECT_EQ(results.items()[5]["outcome"].text(), "unchanged");
}

TEST_F(Bulk, TakesMoreLinesThanOneTransactionHolds) {
    std::string body;
    for (int i = 0; i < 600; ++i) body += bulk_line(i);
    const auto response = bulk(body);
    ASSERT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.find("Content-Type").value_or(""), "application/x-ndjson");
    EXPECT_EQ(std::ranges::count(response.body, '\n'), 600);
    std::string after;
    std::size_t seen = 0;
    do {
        const auto page = json(get("/v1/connections/con_a/records?kind=contact&limit=200" + after));
        seen += page["items"].items().size();
        after = page["next"].is_null() ? "" : "&after=" + page["next"].string_or("");
    } while (!after.empty() && seen <= 600);
    EXPECT_EQ(seen, 600u);
}

/// A body that comes in parts, told of each before it is given.
class Parts final : public BodyRest {
 public:
    using Told = std::function<boost::asio::awaitable<void>(std::size_t part)>;

    explicit Parts(std::vector<std::string> parts, Told told = {}) : parts_(std::move(parts)), told_(std::move(told)) {}

    boost::asio::awaitable<Result<std::string>> next() override {
        if (told_) co_await told_(at_);
        if (at_ == parts_.size()) co_return std::string();
        if (parts_[at_] == kCut) co_return invalid("cut_body", "the body did not come to its end");
        co_return parts_[at_++];
    }

    static constexpr const char* kCut = "cut";

 private:
    std::vector<std::string> parts_;
    Told told_;
    std::size_t at_ = 0;
};

struct BulkInParts : Bulk {
    HttpResponse bulk_of(std::vector<std::string> parts, Parts::Told told = {}) {
        HttpRequest request;
        request.method = "POST";
        request.target = "/v1/connections/con_a/records:bulk";
        request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
        request.rest = std::make_shared<Parts>(std::move(parts), std::move(told));
        return send(std::move(request));
    }

    boost::asio::awaitable<void> count_records() {
        std::function<Result<std::size_t>(store::Connection&)> count = [](store::Connection& connection) {
            return Result<std::size_t>(
                static_cast<std::size_t>(connection.database().execAndGet("SELECT count(*) FROM versions").getInt64()));
        };
        auto records = co_await store->read<std::size_t>(std::move(count));
        accepted = records.ok() ? *records : 0;
    }

    std::size_t accepted = 0;
};

TEST_F(BulkInParts, HoldsNoMoreThanAPartAndAChunkWhileTheRestComes) {
    constexpr std::size_t kParts = 30, kLines = 100, kChunk = 256;
    std::vector<std::string> parts(kParts);
    for (std::size_t line = 0; line < kParts * kLines; ++line)
        parts[line / kLines] += bulk_line(static_cast<int>(line));
    std::size_t most = 0;
    const auto response = bulk_of(std::move(parts), [&](std::size_t part) -> boost::asio::awaitable<void> {
        co_await count_records();
        most = std::max(most, part * kLines - accepted);
    });
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(std::ranges::count(response.body, '\n'), static_cast<std::ptrdiff_t>(kParts * kLines));
    EXPECT_GT(most, 0u);
    EXPECT_LT(most, kLines + kChunk);
}

TEST_F(BulkInParts, PartsMayEndAnywhere) {
    const std::string body =
        bulk_line(1) + "\n \r\n" + bulk_line(2) + "{\n" + bulk_line(3).substr(0, bulk_line(3).size() - 1);
    const std::string whole = bulk(body).body;
    for (const std::size_t size : {1u, 2u, 3u, 7u, 40u, 1'000u}) {
        std::vector<std::string> parts;
        for (std::size_t at = 0; at < body.size(); at += size) parts.push_back(body.substr(at, size));
        const auto response = bulk_of(std::move(parts));
        EXPECT_EQ(std::ranges::count(response.body, '\n'), std::ranges::count(whole, '\n'));
        for (const char* line : {"\"line\":1,", "\"line\":4,", "\"line\":5,", "\"line\":6,"})
            EXPECT_NE(response.body.find(line), std::string::npos) << size << response.body;
    }
}

TEST_F(BulkInParts, OfALineThatIsTooLongNoMoreIsHeldThanShowsIt) {
    HttpRequest request;
    request.body = "first\n";
    request.rest = std::make_shared<Parts>(std::vector<std::string>(100, std::string(1'000, 'x')));
    api::BulkLines lines(request, {.line_bytes = 2'500, .chunk_lines = 10, .chunk_bytes = 100'000});
    const auto cut = finish(lines.next());
    ASSERT_TRUE(cut.ok());
    ASSERT_EQ(cut->size(), 2u);
    EXPECT_EQ((*cut)[0].text, "first");
    EXPECT_EQ((*cut)[1].text.size(), 2'501u);
}

TEST_F(BulkInParts, AChunkEndsWithItsBytesToo) {
    HttpRequest request;
    for (int i = 0; i < 10; ++i) request.body += std::string(100, 'x') + "\n";
    api::BulkLines lines(request, {.line_bytes = 2'500, .chunk_lines = 10, .chunk_bytes = 250});
    EXPECT_EQ(lines.count(), 10u);
    EXPECT_EQ(finish(lines.next())->size(), 3u);
    EXPECT_EQ(lines.count(), 7u);
}

TEST_F(BulkInParts, NothingIsAcceptedAfterAChunkThatFailed) {
    std::vector<std::string> parts(2);
    for (int i = 0; i < 256; ++i) parts[0] += bulk_line(i);
    parts[1] = bulk_line(1);  // sent again, the first line of it would otherwise come last
    const auto response = bulk_of(parts, [&](std::size_t part) -> boost::asio::awaitable<void> {
        free_bytes = part == 0 ? 0 : std::int64_t{1} << 40;
        co_await count_records();
    });
    EXPECT_EQ(response.status, 200);
    const std::string_view refusal = R"("status":503,"problem")";
    std::size_t refused = 0;
    for (auto at = response.body.find(refusal); at != std::string::npos; at = response.body.find(refusal, at + 1))
        ++refused;
    EXPECT_EQ(refused, 257u);
    EXPECT_EQ(accepted, 0u);
}

TEST_F(BulkInParts, WhatCameBeforeTheLineThatIsTooMuchOrTheCutIsAccepted) {
    std::vector<std::string> parts(3);
    for (int i = 0; i < 300; ++i) parts[0] += bulk_line(i);
    for (int i = 0; i < 9'701; ++i) parts[1] += "{}\n";
    const auto response = bulk_of(parts);
    EXPECT_EQ(response.status, 413);
    EXPECT_EQ(code(response), "too_many_lines");
    accepted = read<std::size_t>([](store::Connection& connection) {
        return static_cast<std::size_t>(connection.database().execAndGet("SELECT count(*) FROM versions").getInt64());
    });
    EXPECT_EQ(accepted, 300u);
    parts[1] = Parts::kCut;
    EXPECT_EQ(code(bulk_of(parts)), "cut_body");
    EXPECT_EQ(code(bulk_of({})), "empty_body");
}

TEST_F(BulkInParts, OtherOperationsAreGivenTheWholeBody) {
    HttpRequest request;
    request.method = "PUT";
    request.target = "/v1/connections/con_a/records/contact/C1";
    request.headers.set("Authorization", std::string("Bearer ") + kPartnerA);
    request.body = a_contact("In parts").substr(0, 5);
    request.rest = std::make_shared<Parts>(std::vector{a_contact("In parts").substr(5)});
    EXPECT_EQ(send(request).status, 202);
    request.rest = std::make_shared<Parts>(std::vector<std::string>(5, std::string(1u << 20, ' ')));
    EXPECT_EQ(code(send(request)), "body_too_large");
    request.rest = std::make_shared<Parts>(std::vector<std::string>{Parts::kCut});
    EXPECT_EQ(code(send(request)), "cut_body");
}

TEST_F(Bulk, RefusesMoreThanTenThousandLines) {
    std::string body;
    for (int i = 0; i < 10'001; ++i) body += "{}\n";
    EXPECT_EQ(bulk(body).status, 413);
    EXPECT_EQ(bulk("\n\n").status, 400);
}

/// The most memory that this process has had, in MiB.
std::size_t peak_mib() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            std::size_t kib = 0;
            status >> kib;
            return kib / 1024;
        }
    return 0;
}

TEST_F(Bulk, AMillionLinesAreRefusedWithoutBeingKept) {
    std::string body;
    for (int i = 0; i < 2'000'000; ++i) body += "1\n";
    const auto before = peak_mib();
    ASSERT_GT(before, 0u);
    EXPECT_EQ(bulk(body).status, 413);
    EXPECT_LT(peak_mib() - before, 200u);
}

}  // namespace
}  // namespace spillway::test
