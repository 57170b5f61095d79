#include "schema/runtime/signal.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "schema/runtime/with_deadline.hpp"

namespace spillway {

namespace asio = boost::asio;

struct Signal::State {
    explicit State(const asio::any_io_executor& executor) : channel(executor, 1) {}
    asio::experimental::channel<void(boost::system::error_code)> channel;
};

namespace {

template <class Channel>
asio::awaitable<bool> receive(Channel& channel) {
    auto [code] = co_await channel.async_receive(asio::as_tuple(asio::use_awaitable));
    co_return !code;
}

}  // namespace

Signal::Signal(asio::any_io_executor executor) : state_(std::make_unique<State>(executor)) {}
Signal::~Signal() = default;

void Signal::notify() { state_->channel.try_send(boost::system::error_code{}); }

asio::awaitable<void> Signal::wait() { co_await receive(state_->channel); }

asio::awaitable<void> Signal::wait_until(Clock& clock, SteadyTime when) {
    auto received = receive(state_->channel);
    co_await with_deadline(clock, when, std::move(received));
}

}  // namespace spillway
