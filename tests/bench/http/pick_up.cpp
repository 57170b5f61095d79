#include "tests/bench/http/pick_up.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>
#include <thread>

#include "schema/sha256.hpp"
#include "services/api/api.hpp"
#include "tests/bench/http/books.hpp"
#include "tests/bench/http/client.hpp"
#include "tests/bench/http/invoice.hpp"
#include "tests/bench/queue/rig.hpp"

namespace spillway::bench {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

/// Nothing here connects or syncs.
class NoSync final : public sync::SyncService {
 public:
    template <class T>
    using Task = awaitable<Result<T>>;

    Task<sync::Consent> start_connect(PartnerId, std::string, std::optional<ConnectionId>, std::string) override {
        co_return none();
    }
    Task<Connected> finish_connect(std::string, std::string, std::string, std::string) override { co_return none(); }
    Task<void> pause(ConnectionId, std::string, std::optional<WallTime>) override { co_return none(); }
    Task<void> resume(ConnectionId) override { co_return none(); }
    Task<void> disconnect(ConnectionId) override { co_return none(); }
    Task<void> refresh_books(ConnectionId) override { co_return none(); }
    Task<store::LinkByHand> find_object(ConnectionId, queue::JobId, std::string) override { co_return none(); }
    Task<void> save_mapping(ConnectionId, Mapping) override { co_return none(); }
    Task<void> set_posting(ConnectionId, std::string) override { co_return none(); }
    Task<SyncId> start_sync(ConnectionId, std::string) override { co_return none(); }
    [[nodiscard]] sync::LaneStatus lane_status(const ConnectionId&) const override { return {}; }
    [[nodiscard]] sync::Trust trust() const override { return {}; }

 private:
    static Error none() { return {ErrorKind::unavailable, "none", "there is no sync service here"}; }
};

/// Puts one invoice after the other, and rests between them: the queue is idle each time.
void put_each(std::uint16_t port, const std::string& key, std::int64_t times,
              std::vector<SteadyClock::time_point>& sent) {
    asio::io_context loop(1);
    tcp::socket socket(loop);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    socket.set_option(tcp::no_delay(true));
    for (std::int64_t at = 0; at < times; ++at) {
        const std::string target = std::string("/v1/connections/") + kConnection + "/records/invoice/" + invoice_id(at);
        const std::string request = http_request("PUT", target, key, invoice_json(at));
        std::this_thread::sleep_for(std::chrono::milliseconds(4));
        sent[static_cast<std::size_t>(at)] = SteadyClock::now();
        asio::write(socket, asio::buffer(request));
        asio::streambuf answer;
        asio::read_until(socket, answer, "\r\n\r\n");
        const std::string text(asio::buffers_begin(answer.data()), asio::buffers_end(answer.data()));
        if (!text.starts_with("HTTP/1.1 202")) throw std::runtime_error("unexpected answer: " + text);
        // The rest of the answer: the body has no blank line.
        const auto length = std::stoul(text.substr(text.find("Content-Length: ") + 16));
        std::size_t left = text.find("\r\n\r\n") + 4 + length - text.size();
        std::vector<char> rest(left);
        asio::read(socket, asio::buffer(rest));
    }
}

}  // namespace

Samples pick_up_over_http(std::int64_t times) {
    const Folder folder;
    make_books(folder.file("state"), "automatic");
    Rig rig(folder.file("state") + "/spillway.db");
    NoSync sync;
    SystemRandom random;
    const std::string key = "spk_bench";
    api::ApiContext context{rig.store(),
                            sync,
                            {{"xero", nullptr}},
                            rig.clock(),
                            random,
                            {sha256_hex(key), "", "g"},
                            [] {
                                return success(); }};
    auto server = http::listen(rig.loop().get_executor(), "127.0.0.1", 0, api::make_handler(context), rig.clock(), {});
    if (!server.ok()) must(server.error());

    std::vector<SteadyClock::time_point> sent(static_cast<std::size_t>(times));
    Samples latency;
    auto settle = [](Rig& all, std::vector<queue::Claim> claims) -> awaitable<void> {
        queue::Work work = [claims = std::move(claims)](queue::Transaction& transaction) -> Result<void> {
            for (const queue::Claim& claim : claims) {
                auto settled = transaction.settle(claim, queue::Settlement::applied(1));
                if (!settled.ok()) return settled;
            }
            return success();
        };
        const auto settled = co_await all.store().commit(queue::CommandClass::settle, std::move(work));
        must(settled);
    };
    rig.store().on_ready([&](const std::string& lane) {
        auto claims = rig.store().claim(lane, kKind, kGroup);
        if (claims.empty()) return;
        latency.add(sent[latency.size()]);
        rig.spawn(settle(rig, std::move(claims)));
    });
    std::thread client([&, port = server.value()->port()] {
        put_each(port, key, times, sent);
        asio::post(rig.loop(), [&] { rig.spawn(server.value()->stop(Millis{100})); });
    });
    rig.run();
    client.join();
    rig.store().on_ready({});
    server.value().reset();
    rig.close();
    return latency;
}

}  // namespace spillway::bench
