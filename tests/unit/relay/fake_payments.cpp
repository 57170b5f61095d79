#include "tests/unit/relay/fake_payments.hpp"

#include <algorithm>

namespace spillway::test {

namespace asio = boost::asio;
using namespace relay;

class FakeSession final : public PaymentSession {
 public:
    explicit FakeSession(FakePayments& db) : db_(db) { ++db_.open_sessions; }
    ~FakeSession() override { close(); }

    asio::awaitable<Result<Identity>> identify() override {
        if (auto error = db_.enter("identify")) co_return *error;
        co_return db_.identity;
    }
    asio::awaitable<Result<Snapshot>> snapshot() override {
        if (auto error = db_.enter("snapshot")) co_return *error;
        Snapshot now = db_.now();
        if (db_.identity.replica) now.running.clear();  // as measured: open transactions look ended
        co_return now;
    }
    asio::awaitable<Result<std::vector<Key>>> keys_of(std::vector<Xid> xids, std::size_t limit) override {
        if (auto error = db_.enter("keys_of", limit)) co_return *error;
        std::vector<Key> out;
        for (const auto& [id, stored] : db_.rows_)
            if (db_.visible(stored) && std::ranges::find(xids, stored.xid) != xids.end() && out.size() < limit)
                out.push_back({stored.xid, id});
        co_return out;
    }
    asio::awaitable<Result<std::vector<Key>>> keys_between(KeyRange range) override {
        if (auto error = db_.enter("keys_between", range.limit)) co_return *error;
        std::vector<Key> out;
        for (const auto& [id, stored] : db_.rows_) {
            const Key key{stored.xid, id};
            if (db_.visible(stored) && stored.xid >= range.first && stored.xid <= range.last && key > range.after)
                out.push_back(key);
        }
        std::ranges::sort(out);
        if (out.size() > range.limit) out.resize(range.limit);
        co_return out;
    }
    asio::awaitable<Result<std::vector<OutboxRow>>> rows(std::vector<std::int64_t> ids) override {
        if (auto error = db_.enter("rows", ids.size())) co_return *error;
        db_.largest_page = std::max(db_.largest_page, ids.size());
        std::vector<OutboxRow> out;
        std::ranges::sort(ids);
        for (const std::int64_t id : ids) {
            const auto found = db_.rows_.find(id);
            if (found == db_.rows_.end() || !db_.visible(found->second)) continue;
            if (db_.unreadable.contains(id) && ids.size() > 1)
                co_return Error{ErrorKind::rejected, "row_unreadable", "division by zero"};
            OutboxRow row = found->second.row;
            if (db_.unreadable.contains(id)) row.unreadable = "division by zero";
            row.age = db_.age;
            row.body_bytes = row.body ? row.body->size() : 0;
            out.push_back(std::move(row));
        }
        co_return out;
    }
    asio::awaitable<Result<std::vector<Holder>>> holders() override {
        if (auto error = db_.enter("holders")) co_return *error;
        std::vector<Holder> out;
        for (const Xid xid : db_.open_) out.push_back({xid, Millis{0}, "pid 1, user billing, application month-end"});
        co_return out;
    }
    void close() override {
        if (!closed_) --db_.open_sessions;
        closed_ = true;
    }

 private:
    FakePayments& db_;
    bool closed_ = false;
};

FakePayments::Xid FakePayments::begin() {
    open_.insert(next_xid_);
    return next_xid_++;
}

std::int64_t FakePayments::put(Xid xid, const std::string& external_id, const std::string& body,
                               const std::string& kind) {
    Stored stored;
    stored.xid = xid;
    stored.row.id = next_id_;
    stored.row.event_id = "event-" + std::to_string(++events_);
    stored.row.connection = "con_a";
    stored.row.kind = kind;
    stored.row.external_id = external_id;
    stored.row.operation = "put";
    stored.row.body = body;
    rows_.emplace(next_id_, std::move(stored));
    return next_id_++;
}

void FakePayments::commit(Xid xid) {
    open_.erase(xid);
    committed_.insert(xid);
}

void FakePayments::abort_transaction(Xid xid) { open_.erase(xid); }

std::int64_t FakePayments::add(const std::string& external_id, const std::string& body, const std::string& kind) {
    const Xid xid = begin();
    const std::int64_t id = put(xid, external_id, body, kind);
    commit(xid);
    return id;
}

std::shared_ptr<const FakePayments::Backup> FakePayments::backup() const {
    return std::make_shared<Backup>(Backup{next_xid_, next_id_, rows_, open_, committed_});
}

void FakePayments::restore(const std::shared_ptr<const Backup>& backup) {
    next_xid_ = backup->next_xid;
    next_id_ = backup->next_id;
    rows_ = backup->rows;
    committed_ = backup->committed;
    open_.clear();
}

Snapshot FakePayments::now() const {
    Snapshot out;
    out.xmax = next_xid_;
    out.running.assign(open_.begin(), open_.end());
    out.xmin = open_.empty() ? next_xid_ : *open_.begin();
    return out;
}

std::optional<Error> FakePayments::enter(const std::string& name, std::size_t rows) {
    ++calls[name];
    if (on_statement) on_statement();
    if (slower_than > 0 && rows > slower_than) return Error{ErrorKind::unavailable, "statement_timeout", ""};
    if (errors.empty()) return std::nullopt;
    Error error = errors.front();
    errors.erase(errors.begin());
    return error;
}

asio::awaitable<Result<std::unique_ptr<PaymentSession>>> FakePayments::open() {
    if (auto error = enter("open")) co_return *error;
    std::unique_ptr<PaymentSession> session = std::make_unique<FakeSession>(*this);
    co_return session;
}

}  // namespace spillway::test
