#pragma once
// A payment database in memory that gives out transaction ids and ids as PostgreSQL does: in order, while their
// transactions end in any order.

#include <map>
#include <set>

#include "services/relay/payment_db.hpp"

namespace spillway::test {

class FakePayments final : public relay::PaymentDb {
 public:
    using Xid = relay::Xid;

    Xid begin();
    /// Writes a row of an open transaction. @return its id
    std::int64_t put(Xid xid, const std::string& external_id, const std::string& body,
                     const std::string& kind = "contact");
    relay::OutboxRow& row(std::int64_t id) { return rows_.at(id).row; }
    void erase(std::int64_t id) { rows_.erase(id); }
    void commit(Xid xid);
    void abort_transaction(Xid xid);
    /// One transaction with one row. @return its id
    std::int64_t add(const std::string& external_id, const std::string& body, const std::string& kind = "contact");

    /// The whole of it, as a backup keeps it; open transactions are lost with a restore.
    struct Backup;
    [[nodiscard]] std::shared_ptr<const Backup> backup() const;
    void restore(const std::shared_ptr<const Backup>& backup);

    boost::asio::awaitable<Result<std::unique_ptr<relay::PaymentSession>>> open() override;
    void abort() override {}

    relay::Identity identity{"4711", 1, false};
    /// What the next statement (open included) answers instead, once for each.
    std::vector<Error> errors{};
    /// Counted statements by name; open sessions.
    std::map<std::string, int> calls{};
    int open_sessions = 0;
    std::size_t largest_page = 0;
    Millis age{};
    std::set<std::int64_t> unreadable{};  ///< rows whose body the view cannot build
    /// A statement that asks for more rows or keys than this times out; 0: none does.
    std::size_t slower_than = 0;
    std::function<void()> on_statement{};

 private:
    friend class FakeSession;
    struct Stored {
        Xid xid = 0;
        relay::OutboxRow row;
    };
    [[nodiscard]] bool visible(const Stored& stored) const { return committed_.contains(stored.xid); }
    [[nodiscard]] relay::Snapshot now() const;
    std::optional<Error> enter(const std::string& name, std::size_t rows = 0);

    Xid next_xid_ = 700;
    std::int64_t next_id_ = 1;
    int events_ = 0;  ///< never set back: event ids are random
    std::map<std::int64_t, Stored> rows_{};
    std::set<Xid> open_{}, committed_{};
};

struct FakePayments::Backup {
    Xid next_xid;
    std::int64_t next_id;
    std::map<std::int64_t, Stored> rows;
    std::set<Xid> open, committed;
};

}  // namespace spillway::test
