#include "schema/runtime/http_reader.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "schema/assert.hpp"

namespace spillway {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace impl {

template <bool kRequest>
struct HttpEngine {
    static constexpr std::size_t kReadBytes = 64u << 10;

    ReadLimits limits;
    beast::flat_buffer buffer;
    std::optional<http::parser<kRequest, http::string_body>> parser{};
    beast::error_code error{};
    bool head_told = false;

    explicit HttpEngine(ReadLimits given) : limits(given), buffer(given.head_bytes_max + kReadBytes) {}

    void begin(bool no_body) {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
        parser->body_limit(limits.body_bytes_max);
        if (no_body) parser->skip(true);
        error = {};
        head_told = false;
    }

    /// RFC 9112 2.2: an empty line before a request is ignored; some clients send one after a body.
    void skip_empty_lines() {
        while (!parser->got_some() && text().starts_with("\r\n")) buffer.consume(2);
    }

    std::string_view text() const { return {static_cast<const char*>(buffer.data().data()), buffer.size()}; }

    /// One step of the parser over what is buffered. @return false when it needs more bytes.
    bool step() {
        if (kRequest) skip_empty_lines();
        const bool half_line = kRequest && !parser->got_some() && text() == "\r";
        if (buffer.size() == 0 || half_line) return false;
        const auto used = parser->put(buffer.data(), error);
        buffer.consume(used);
        if (error == http::error::need_more) error = {};
        if (!error && used == 0 && buffer.size() == buffer.max_size()) error = http::error::header_limit;
        if (!error && parser->is_header_done() && !head_told) check_coding();
        return error || used > 0;
    }

    /// A body in a coding that is not understood would be taken for the next message.
    void check_coding() {
        const auto& head = parser->get();
        if (head.find(http::field::transfer_encoding) != head.end() && !parser->chunked())
            error = http::error::bad_transfer_encoding;
    }

    ReadState advance() {
        for (;;) {
            if (error) return ReadState::failed;
            if (parser->is_header_done() && !head_told) {
                head_told = true;
                return ReadState::head;
            }
            if (parser->is_done()) return ReadState::done;
            if (parser->get().body().size() >= limits.body_part_bytes) return ReadState::part;
            if (!step() && !parser->is_done()) return ReadState::need_more;
        }
    }

    void peer_closed() {
        if (error || parser->is_done()) return;
        if (parser->got_some())
            parser->put_eof(error);
        else
            error = buffer.size() == 0 ? http::error::end_of_stream : http::error::partial_message;
    }

    ReadFailure failure() const {
        if (!error) return ReadFailure::none;
        if (error == http::error::end_of_stream) return ReadFailure::closed;
        if (error == http::error::partial_message) return ReadFailure::cut;
        if (error == http::error::header_limit || error == http::error::buffer_overflow)
            return ReadFailure::head_too_large;
        if (error == http::error::body_limit) return ReadFailure::body_too_large;
        if (error == http::error::bad_transfer_encoding && parser->is_header_done()) return ReadFailure::unsupported;
        return ReadFailure::malformed;
    }
};

namespace {

template <class Fields>
HttpHeaders copy_headers(const Fields& fields) {
    HttpHeaders headers;
    for (const auto& field : fields) headers.add(std::string(field.name_string()), std::string(field.value()));
    return headers;
}

HttpRequest message(http::request<http::string_body>& from) {
    HttpRequest request;
    request.method = std::string(from.method_string());
    request.target = std::string(from.target());
    request.headers = copy_headers(from);
    request.body = std::exchange(from.body(), {});
    return request;
}

HttpResponse message(http::response<http::string_body>& from) {
    HttpResponse response;
    response.status = static_cast<int>(from.result_int());
    response.headers = copy_headers(from);
    response.body = std::exchange(from.body(), {});
    return response;
}

}  // namespace
}  // namespace impl

template <bool kRequest>
HttpReader<kRequest>::HttpReader(ReadLimits limits) : engine_(std::make_unique<impl::HttpEngine<kRequest>>(limits)) {
    engine_->begin(false);
}

template <bool kRequest>
HttpReader<kRequest>::~HttpReader() = default;

template <bool kRequest>
void HttpReader<kRequest>::begin(bool no_body) {
    engine_->begin(no_body);
}

template <bool kRequest>
std::span<char> HttpReader<kRequest>::space() {
    auto& buffer = engine_->buffer;
    const auto room = std::min(engine_->kReadBytes, buffer.max_size() - buffer.size());
    const auto area = buffer.prepare(room);
    return {static_cast<char*>(area.data()), area.size()};
}

template <bool kRequest>
void HttpReader<kRequest>::received(std::size_t bytes) {
    engine_->buffer.commit(bytes);
}

template <bool kRequest>
void HttpReader<kRequest>::peer_closed() {
    engine_->peer_closed();
}

template <bool kRequest>
ReadState HttpReader<kRequest>::advance() {
    return engine_->advance();
}

template <bool kRequest>
ReadFailure HttpReader<kRequest>::failure() const {
    return engine_->failure();
}

template <bool kRequest>
std::string HttpReader<kRequest>::failure_text() const {
    return engine_->error ? engine_->error.message() : std::string{};
}

template <bool kRequest>
bool HttpReader<kRequest>::started() const {
    return engine_->parser->got_some() || engine_->buffer.size() > 0;
}

template <bool kRequest>
bool HttpReader<kRequest>::keep_alive() const {
    return engine_->parser->keep_alive();
}

template <bool kRequest>
bool HttpReader<kRequest>::http11() const {
    return engine_->parser->get().version() == 11;
}

template <bool kRequest>
std::string HttpReader<kRequest>::field(const std::string& name) const {
    return std::string(engine_->parser->get()[name]);
}

template <bool kRequest>
std::size_t HttpReader<kRequest>::count(const std::string& name) const {
    return engine_->parser->get().count(name);
}

template <bool kRequest>
std::conditional_t<kRequest, HttpRequest, HttpResponse> HttpReader<kRequest>::take() {
    SPILLWAY_ASSERT(engine_->parser->is_header_done());
    return impl::message(engine_->parser->get());
}

template <bool kRequest>
std::string HttpReader<kRequest>::take_part() {
    return std::exchange(engine_->parser->get().body(), {});
}

template class HttpReader<true>;
template class HttpReader<false>;

}  // namespace spillway
