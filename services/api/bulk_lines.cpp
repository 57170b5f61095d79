#include "services/api/bulk_lines.hpp"

namespace spillway::api {

using boost::asio::awaitable;

namespace {
bool says_something(std::string_view line) { return line.find_first_not_of(" \t\r") != std::string_view::npos; }
}  // namespace

awaitable<Result<std::vector<TextLine>>> BulkLines::next() {
    std::vector<TextLine> lines;
    std::size_t bytes = 0;
    while (lines.size() < limits_.chunk_lines && bytes < limits_.chunk_bytes) {
        const auto end = part_.find('\n', at_);
        const std::string_view piece = std::string_view(part_).substr(at_, end - at_);
        begun_.append(piece.substr(0, limits_.line_bytes + 1 - begun_.size()));
        at_ = end == std::string::npos ? part_.size() : end + 1;
        if (end == std::string::npos) {
            const auto more = co_await read_part();
            if (!more.ok()) co_return more.error();
            if (*more) continue;
            if (begun_.empty()) break;
        }
        ++number_;
        std::string text = std::exchange(begun_, {});
        if (!says_something(text)) continue;
        bytes += text.size();
        lines.push_back({number_, std::move(text)});
    }
    co_return lines;
}

awaitable<Result<bool>> BulkLines::read_part() {
    if (!request_.rest) co_return false;
    auto part = co_await request_.rest->next();
    if (!part.ok()) co_return part.error();
    part_ = *std::move(part);
    at_ = 0;
    if (part_.empty()) request_.rest.reset();
    co_return !part_.empty();
}

std::size_t BulkLines::count() const {
    std::size_t lines = 0;
    for (std::string_view rest = std::string_view(part_).substr(at_); !rest.empty();) {
        const auto end = rest.find('\n');
        if (says_something(rest.substr(0, end))) ++lines;
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    return lines;
}

}  // namespace spillway::api
