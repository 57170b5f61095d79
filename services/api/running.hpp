#pragma once
// Jobs in flight as people see them. A claim lives in memory only, so the row of a job that is being sent says
// `waiting` or, once it has started, `unknown`; every answer that shows jobs lays the claims over the rows.

#include <vector>

#include "services/api/call.hpp"
#include "services/store/records.hpp"
#include "services/store/syncs.hpp"

namespace spillway::api {

/// The claims of one moment; taken on the loop thread, read anywhere.
class Running {
 public:
    explicit Running(const ApiContext& context) : ids_(context.store.running()) {}

    [[nodiscard]] bool holds(queue::JobId id) const;
    void show(queue::Job& job) const;
    void show(store::RecordRow& record) const;
    void show(store::Connection& connection, const store::SyncRow& sync, store::SyncProgress& progress) const;

    /// Pages by filter, `running` among the states or not: SqliteStore::list_jobs and store::list_records with the
    /// claims laid over them. A row whose shown state was not asked for is left out, and the page filled up.
    [[nodiscard]] std::vector<queue::Job> list_jobs(store::Connection& connection, const queue::JobFilter& filter,
                                                    std::optional<std::pair<std::int64_t, queue::JobId>> after,
                                                    std::size_t limit) const;
    [[nodiscard]] std::vector<store::RecordRow> list_records(store::Connection& connection, const ConnectionId& owner,
                                                             const store::RecordFilter& filter, store::RecordId after,
                                                             std::size_t limit) const;

 private:
    std::vector<queue::JobId> ids_;  // ascending
};

}  // namespace spillway::api
