#include "queue/sqlite/reader.hpp"

#include <sqlite3.h>

#include <boost/asio/post.hpp>

namespace spillway::queue::sqlite {

namespace asio = boost::asio;

Reader::Reader(const Settings& settings, std::shared_ptr<LogWatch> watch, asio::any_io_executor thread,
               asio::any_io_executor loop)
    : connection_(std::make_unique<Connection>(open_connection(settings, /*writes=*/false))),
      watch_(std::move(watch)),
      thread_(std::move(thread)),
      loop_(std::move(loop)),
      limit_(settings.read_limit) {
    constexpr int kStepsBetweenLooks = 2'000;
    if (limit_.count() > 0) {
        sqlite3_progress_handler(connection_->database().getHandle(), kStepsBetweenLooks, &Reader::over_limit, this);
    }
}

// The machine's clock and not the injected one: the limit bounds real work of this thread, which virtual time knows
// nothing of.
int Reader::over_limit(void* reader) {
    return std::chrono::steady_clock::now() > static_cast<Reader*>(reader)->deadline_ ? 1 : 0;
}

void Reader::push(Reading reading, Answer answer) {
    if (*waiting_ >= kQueueMax) {
        asio::post(loop_, [answer = std::move(answer)] {
            answer(Error{ErrorKind::unavailable, "storage_busy", "too many reads are waiting"});
        });
        return;
    }
    ++*waiting_;
    auto shared = std::make_shared<Reading>(std::move(reading));
    asio::post(thread_, [weak = weak_from_this(), shared, answer = std::move(answer), waiting = waiting_]() mutable {
        const auto self = weak.lock();
        if (!self) return;
        auto result = std::make_shared<Result<void>>(self->read(*shared));
        asio::post(self->loop_, [result, answer = std::move(answer), shared = std::move(shared), waiting] {
            --*waiting;
            answer(std::move(*result));
        });
    });
}

void Reader::close(Answer answer) {
    asio::post(thread_, [weak = weak_from_this(), answer = std::move(answer)] {
        const auto self = weak.lock();
        if (!self) return;
        self->connection_.reset();
        asio::post(self->loop_, [answer] { answer(success()); });
    });
}

Result<void> Reader::read(const Reading& reading) {
    if (!connection_) return Error{ErrorKind::unavailable, "storage_closed", "the store is closed"};
    Result<void> result = success();
    const LogWatch::Snapshot snapshot = watch_->begin(LogWatch::Length::brief);
    deadline_ = std::chrono::steady_clock::now() + limit_;
    try {
        run(*connection_, "BEGIN");  // one snapshot for all statements of the read
        reading(*connection_);
    } catch (const SQLite::Exception& exception) {
        result = storage_error(exception);
    } catch (const std::exception& exception) {
        result = Error{ErrorKind::bug, "read_threw", exception.what()};
    }
    deadline_ = std::chrono::steady_clock::time_point::max();
    end_snapshot();
    return result;
}

/// Also when the reading kept a statement of its own half read: its snapshot would keep the log for ever.
void Reader::end_snapshot() {
    connection_->reset_all();
    sqlite3* database = connection_->database().getHandle();
    connection_->database().tryExec("ROLLBACK");
    if (sqlite3_txn_state(database, nullptr) == SQLITE_TXN_NONE) return;
    ++watch_->left_open;
    for (sqlite3_stmt* each = sqlite3_next_stmt(database, nullptr); each; each = sqlite3_next_stmt(database, each)) {
        if (sqlite3_stmt_busy(each) != 0) sqlite3_reset(each);
    }
}

}  // namespace spillway::queue::sqlite
