#include "services/http/problem.hpp"

#include <gmock/gmock.h>

namespace spillway::http {
namespace {

TEST(Problem, GivesEachKindItsStatus) {
    const std::vector<std::pair<ErrorKind, int>> table = {
        {ErrorKind::invalid, 400},     {ErrorKind::not_found, 404},    {ErrorKind::conflict, 409},
        {ErrorKind::forbidden, 403},   {ErrorKind::rejected, 422},     {ErrorKind::throttled, 429},
        {ErrorKind::unavailable, 503}, {ErrorKind::unauthorised, 409}, {ErrorKind::unknown, 504},
        {ErrorKind::cancelled, 503},   {ErrorKind::bug, 500}};
    for (const auto& [kind, status] : table) EXPECT_EQ(problem(Error{kind, "x", ""}).status, status) << to_string(kind);
}

TEST(Problem, TellsCodeDetailAndPointer) {
    const auto answer = problem(invalid("bad_date", "not a \"date\"", "/lines/0/date"), 422);
    EXPECT_EQ(answer.status, 422);
    EXPECT_EQ(answer.headers.find("content-type"), "application/problem+json");
    EXPECT_EQ(answer.body, R"({"type":"about:blank","title":"Unprocessable Entity","status":422,"code":"bad_date",)"
                           R"("detail":"not a \"date\"","pointer":"/lines/0/date"})");
}

TEST(Problem, TellsWhenToComeBack) {
    Error error{ErrorKind::throttled, "too_many", ""};
    error.retry_after = std::chrono::seconds(7);
    EXPECT_EQ(problem(error).headers.find("Retry-After"), "7");
}

TEST(Problem, NeverShowsTheDetailOfABug) {
    EXPECT_EQ(problem(Error{ErrorKind::bug, "x", "stack"}).body.find("stack"), std::string::npos);
}

}  // namespace
}  // namespace spillway::http
