#pragma once
// The lines of a bulk submission, cut from its body while that comes: of the body no more is held than one part, the
// lines of one chunk, and a line that is not complete.

#include <cstddef>
#include <string>
#include <vector>

#include "services/http/server.hpp"

namespace spillway::api {

struct TextLine {
    std::size_t number = 0;  ///< from 1, in the body
    std::string text;        ///< of a line over the limit just one byte more than that
};

class BulkLines {
 public:
    struct Limits {
        std::size_t line_bytes;
        std::size_t chunk_lines, chunk_bytes;  ///< a chunk ends with the line that reaches one of them
    };

    /// Takes the body out of `request`, which must outlive this.
    BulkLines(HttpRequest& request, Limits limits)
        : request_(request), limits_(limits), part_(std::exchange(request.body, {})) {}

    /// The next lines that say something; none at the end. Errors: those of BodyRest::next.
    boost::asio::awaitable<Result<std::vector<TextLine>>> next();

    /// Whether the whole body was there from the beginning.
    [[nodiscard]] bool complete() const { return !request_.rest; }
    /// How many lines of what is there say something.
    [[nodiscard]] std::size_t count() const;

 private:
    boost::asio::awaitable<Result<bool>> read_part();

    HttpRequest& request_;
    const Limits limits_;
    std::string part_;
    std::size_t at_ = 0;  ///< where in the part the next line begins
    std::string begun_;   ///< a line from the end of the parts before
    std::size_t number_ = 0;
};

}  // namespace spillway::api
