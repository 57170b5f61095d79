// A new connection's lists. Whoever gave consent sits before a browser, and after a restart the limits may let nothing
// through for a minute: the answer waits a moment for the lists, not longer. They are read in the background then, and
// the connection says so.

#include "schema/runtime/log.hpp"
#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

constexpr Millis kAnswerAfter{3'000};
constexpr Millis kAgainFirst{5'000};
constexpr Millis kAgainMax{5 * 60 * 1000};

/// What is known of a connection once its lists are. A complete proposal makes it usable at once (posting stays
/// on_sync: nothing is sent before somebody asks).
void take_over(store::ConnectionRow& row, const Provider& provider, const Books& books) {
    if (row.tenant_name.empty()) row.tenant_name = books.name;
    row.books = write_books(books);
    if (row.state != "setup" || !row.mapping.empty()) return;  // a person was faster
    const auto proposal = provider.propose(books);
    const auto problems = provider.check(proposal, books);
    row.mapping = problems.empty() ? write_mapping(proposal) : std::string();
    row.state = problems.empty() ? "active" : "setup";
    row.state_reason = problems.empty() ? "" : problems.front().detail;
}

}  // namespace

/// @return whether it is done, or nothing is left to do.
asio::awaitable<bool> Service::read_books_once(ConnectionId id) {
    auto row = co_await row_of(id);
    if (!row.ok()) co_return row.error().kind == ErrorKind::not_found;
    const auto app = apps_.find(row->provider);
    const auto found = lanes_.find(id.value);
    if (app == apps_.end() || found == lanes_.end() || !row->books.empty()) co_return true;
    const auto lane = found->second;  // held: a disconnect meanwhile must not free it
    auto books = co_await read_books_of(app->second, lane->caller(), row->tenant_id);
    if (!books.ok()) log_warn("books_not_read", {{"conn", id.value}, {"code", books.error().code}});
    Change saving = [&provider = *app->second.provider, books](queue::Transaction&,
                                                               store::ConnectionRow& changing) -> Result<void> {
        if (books.ok())
            take_over(changing, provider, *books);
        else if (changing.state == "setup")
            changing.state_reason = std::string(kReadingBooks) + " (" + books.error().detail + ")";
        return success();
    };
    const auto saved = co_await change(id, std::move(saving));
    co_return books.ok() && saved.ok();
}

asio::awaitable<void> Service::read_first_books(ConnectionId id, std::shared_ptr<Signal> read) {
    for (auto delay = kAgainFirst;; delay = std::min(delay * 2, kAgainMax)) {
        const bool done = co_await read_books_once(id);
        if (done) break;
        const bool slept = co_await clock_.sleep_for(delay);
        if (!slept) co_return;
    }
    read->notify();
}

asio::awaitable<void> Service::await_first_books(ConnectionId id) {
    const auto read = std::make_shared<Signal>(world_.executor);
    tasks_.spawn(read_first_books(std::move(id), read), "first_books");
    co_await read->wait_until(clock_, clock_.steady_now() + kAnswerAfter);
}

}  // namespace spillway::sync
