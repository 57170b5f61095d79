#include "schema/runtime/http_reader.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace spillway {
namespace {

constexpr ReadLimits kSmall{.head_bytes_max = 512, .body_bytes_max = 10};

/// Gives what there is room for. @return how much that was.
template <class Reader>
std::size_t feed(Reader& reader, std::string_view bytes) {
    const auto space = reader.space();
    const auto part = std::min(space.size(), bytes.size());
    std::memcpy(space.data(), bytes.data(), part);
    reader.received(part);
    return part;
}

/// Feeds up to `step` bytes at a time, then the end of the stream; returns the last state.
template <class Reader>
ReadState read_all(Reader& reader, std::string_view bytes, std::size_t step) {
    for (;;) {
        const auto state = reader.advance();
        if (state == ReadState::done || state == ReadState::failed) return state;
        if (state == ReadState::head) continue;
        if (bytes.empty())
            reader.peer_closed();
        else
            bytes.remove_prefix(feed(reader, bytes.substr(0, step)));
    }
}

struct Case {
    const char* name;
    std::string bytes;
    ReadFailure failure;
};

TEST(HttpRequestReader, TellsWhatIsWrongHoweverTheBytesArrive) {
    const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
    const std::vector<Case> cases = {
        {"get", "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n", ReadFailure::none},
        {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ReadFailure::none},
        {"body at the limit", post + "Content-Length: 10\r\n\r\n0123456789", ReadFailure::none},
        {"chunks at the limit", post + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
         ReadFailure::none},
        {"body over the limit", post + "Content-Length: 11\r\n\r\n01234567890", ReadFailure::body_too_large},
        {"chunks over the limit", post + "Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n",
         ReadFailure::body_too_large},
        {"head over the limit", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(600, 'x') + "\r\n\r\n",
         ReadFailure::head_too_large},
        {"endless line", std::string(200'000, 'x'), ReadFailure::head_too_large},
        {"nothing", "", ReadFailure::closed},
        {"cut in the head", "GET / HT", ReadFailure::cut},
        {"cut in the body", post + "Content-Length: 10\r\n\r\n012", ReadFailure::cut},
        {"cut in a chunk", post + "Transfer-Encoding: chunked\r\n\r\n5\r\n012", ReadFailure::cut},
        {"no http", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", ReadFailure::malformed},
        {"two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n0123", ReadFailure::malformed},
        {"length and chunks", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         ReadFailure::malformed},
        {"negative length", post + "Content-Length: -1\r\n\r\n", ReadFailure::malformed},
        {"bad chunk size", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", ReadFailure::malformed},
        {"unknown coding", post + "Transfer-Encoding: gzip\r\n\r\n", ReadFailure::unsupported},
        {"space in a name", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", ReadFailure::malformed},
        {"version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", ReadFailure::malformed},
    };
    for (const auto& one : cases) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1'000'000}}) {
            SCOPED_TRACE(std::string(one.name) + " by " + std::to_string(step));
            HttpRequestReader reader(kSmall);
            const auto state = read_all(reader, one.bytes, step);
            EXPECT_EQ(state, one.failure == ReadFailure::none ? ReadState::done : ReadState::failed);
            // An endless line may be refused for its form before its length counts.
            const bool either =
                std::string_view(one.name) == "endless line" && reader.failure() == ReadFailure::malformed;
            if (!either) EXPECT_EQ(reader.failure(), one.failure) << reader.failure_text();
        }
    }
}

TEST(HttpRequestReader, ReadsPipelinedMessagesOneAfterTheOther) {
    HttpRequestReader reader(kSmall);
    feed(reader, "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(reader.advance(), ReadState::head);
    EXPECT_EQ(reader.advance(), ReadState::done);
    const auto first = reader.take();
    EXPECT_EQ(first.target, "/1");
    EXPECT_EQ(first.body, "ab");
    reader.begin();
    EXPECT_TRUE(reader.started());
    EXPECT_EQ(reader.advance(), ReadState::head);
    EXPECT_EQ(reader.field("host"), "a");
    EXPECT_EQ(reader.advance(), ReadState::done);
    EXPECT_EQ(reader.take().target, "/2");
    reader.begin();
    EXPECT_FALSE(reader.started());
}

TEST(HttpResponseReader, EndsABodyByLengthChunksOrTheEndOfTheStream) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"HTTP/1.1 200 OK\r\n\r\nabc", "abc"},
        {"HTTP/1.1 204 No Content\r\n\r\n", ""},
    };
    for (const auto& [bytes, body] : cases) {
        HttpResponseReader reader(kSmall);
        EXPECT_EQ(read_all(reader, bytes, 1), ReadState::done) << bytes;
        EXPECT_EQ(reader.take().body, body);
    }
}

TEST(HttpResponseReader, TheAnswerToAHeadHasNoBody) {
    HttpResponseReader reader(kSmall);
    reader.begin(/*no_body=*/true);
    EXPECT_EQ(read_all(reader, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n", 5), ReadState::done);
}

}  // namespace
}  // namespace spillway
