#pragma once
// One connection of the server: requests in order, limits in size and time, answers whole or streamed.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "schema/runtime/http_reader.hpp"
#include "services/http/server.hpp"

namespace spillway::http {

/// What all sessions of a server share; lives as long as the last of them.
struct ServerContext {
    Handler handler;
    Clock& clock;
    ServerLimits limits;
    mutable std::size_t large_bodies = 0;  ///< being read or in work
};

/// Lives on the loop's thread; kept alive by its own run().
class Session : public std::enable_shared_from_this<Session> {
 public:
    Session(std::shared_ptr<const ServerContext> context, boost::asio::ip::tcp::socket socket);
    ~Session() { end_count(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Serves until the peer goes, a limit is broken or the server stops. Never throws for what a peer did.
    static boost::asio::awaitable<void> run(std::shared_ptr<Session> self);
    /// Ends after the request in work; at once when there is none; a stream ends at its next write.
    void stop_soon();
    /// Cuts the connection and cancels its handler.
    void abort();

 private:
    class Stream;
    class Rest;
    enum class Next { keep, close, linger };

    boost::asio::awaitable<void> serve();
    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<Next> one_request();
    ReadState read_at_once(ReadState goal);
    void received(const boost::system::error_code& error, std::size_t bytes);
    boost::asio::awaitable<ReadState> read_until(ReadState goal, Millis limit);
    boost::asio::awaitable<void> read_body();
    boost::asio::awaitable<Next> refuse();
    boost::asio::awaitable<Next> refuse_with(int status, std::string code, std::string detail);
    boost::asio::awaitable<int> check_head();
    void count(std::size_t bytes);
    void end_count();
    boost::asio::awaitable<Next> answer(HttpRequest request);
    boost::asio::awaitable<Next> send_whole(HttpResponse response, bool keep);
    boost::asio::awaitable<Next> send_stream(StreamedResponse response, bool keep);
    boost::asio::awaitable<bool> run_body(StreamedResponse& response);
    boost::asio::awaitable<bool> send(std::string bytes);
    boost::asio::awaitable<void> linger();
    void watch_peer();
    void cancel_handler();
    void close();

    std::shared_ptr<const ServerContext> context_;
    boost::asio::ip::tcp::socket socket_;
    HttpRequestReader reader_;
    boost::asio::cancellation_signal handler_signal_;
    boost::asio::cancellation_signal watch_signal_;
    bool idle_ = false;        ///< waiting for the first byte of a request
    bool in_handler_ = false;  ///< a handler or a stream's body runs and takes handler_signal_
    bool streaming_ = false;
    bool watching_ = false;             ///< watch_peer's wait is pending and takes watch_signal_
    std::size_t received_ = 0;          ///< of the request being read
    bool large_ = false;                ///< it counts among the context's large ones
    bool crowded_ = false;              ///< it was one too many
    ReadState body_ = ReadState::done;  ///< of the request in work: all there, `part` of it, or `failed`
    Millis body_left_{};                ///< of the time that its bytes may take
    bool timed_out_ = false;            ///< the last read_until ended by its limit
    bool stopping_ = false;
    bool gone_ = false;  ///< the peer closed, or abort() cut it
    bool head_request_ = false;
    bool http11_ = true;
};

}  // namespace spillway::http
