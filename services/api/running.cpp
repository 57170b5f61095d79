#include "services/api/running.hpp"

#include <algorithm>
#include <charconv>

namespace spillway::api {
namespace {

using queue::Job;
using queue::JobState;

using Key = std::pair<std::int64_t, queue::JobId>;
Key key_of(const Job& job) { return {to_ms(job.changed), job.id}; }

bool matches(const queue::JobFilter& filter, const Job& job) {
    if (filter.lane && *filter.lane != job.lane) return false;
    if (!filter.lanes.empty() && std::ranges::find(filter.lanes, job.lane) == filter.lanes.end()) return false;
    if (filter.kind && *filter.kind != job.kind) return false;
    if (filter.key && *filter.key != job.key) return false;
    if (filter.cause && *filter.cause != job.cause) return false;
    return !filter.changed_since || job.changed >= *filter.changed_since;
}

std::optional<store::RecordId> record_of(const Job& job) {
    store::RecordId id = 0;
    const auto [end, code] = std::from_chars(job.body.data(), job.body.data() + job.body.size(), id);
    if (code != std::errc() || end != job.body.data() + job.body.size()) return std::nullopt;
    return id;
}

}  // namespace

bool Running::holds(queue::JobId id) const { return std::binary_search(ids_.begin(), ids_.end(), id); }

void Running::show(Job& job) const {
    if (!queue::is_ended(job.state) && holds(job.id)) job.state = JobState::running;
}

void Running::show(store::RecordRow& record) const {
    if (record.job && record.job_state && !queue::is_ended(*record.job_state) && holds(*record.job))
        record.job_state = JobState::running;
}

void Running::show(store::Connection& connection, const store::SyncRow& sync, store::SyncProgress& progress) const {
    std::int64_t running = 0;
    for (const auto id : ids_) {
        const auto state = store::state_in_sync(connection, sync, id);
        if (!state || queue::is_ended(*state)) continue;
        const auto counted = std::ranges::find(progress.by_state, *state, &std::pair<JobState, std::int64_t>::first);
        if (counted == progress.by_state.end() || counted->second == 0) continue;
        --counted->second;
        ++running;
    }
    std::erase_if(progress.by_state, [](const auto& count) { return count.second == 0; });
    if (running > 0) progress.by_state.emplace_back(JobState::running, running);
}

std::vector<Job> Running::list_jobs(store::Connection& connection, const queue::JobFilter& filter,
                                    std::optional<Key> after, std::size_t limit) const {
    auto stored = filter;
    const bool all = filter.states.empty();
    const bool running_too = std::erase(stored.states, JobState::running) > 0;
    std::vector<Job> shown;
    for (auto from = after; (all || !stored.states.empty()) && shown.size() < limit;) {
        auto page = queue::sqlite::SqliteStore::list_jobs(connection, stored, from, limit);
        const bool last = page.size() < limit;
        if (!page.empty()) from = key_of(page.back());
        for (auto& job : page) {
            show(job);
            if (all || job.state != JobState::running) shown.push_back(std::move(job));
        }
        if (last) break;
    }
    if (running_too)
        for (const auto id : ids_) {
            auto job = queue::sqlite::SqliteStore::get_job(connection, id);
            if (!job || queue::is_ended(job->state) || !matches(filter, *job)) continue;
            if (after && key_of(*job) >= *after) continue;
            show(*job);
            shown.push_back(*std::move(job));
        }
    std::ranges::sort(shown, std::greater(), key_of);
    if (shown.size() > limit) shown.resize(limit);
    return shown;
}

std::vector<store::RecordRow> Running::list_records(store::Connection& connection, const ConnectionId& owner,
                                                    const store::RecordFilter& filter, store::RecordId after,
                                                    std::size_t limit) const {
    std::vector<store::RecordRow> shown;
    if (filter.job_state == JobState::running) {
        for (const auto id : ids_) {
            const auto job = queue::sqlite::SqliteStore::get_job(connection, id);
            const auto named = job ? record_of(*job) : std::nullopt;
            auto record = named ? store::get_record(connection, *named) : std::nullopt;
            if (!record || record->connection != owner || record->job != id || record->id <= after) continue;
            if (filter.kind && record->kind != *filter.kind) continue;
            show(*record);
            if (record->job_state == JobState::running) shown.push_back(*std::move(record));
        }
        std::ranges::sort(shown, std::less(), &store::RecordRow::id);
        if (shown.size() > limit) shown.resize(limit);
        return shown;
    }
    for (auto from = after; shown.size() < limit;) {
        auto page = store::list_records(connection, owner, filter, from, limit - shown.size());
        const bool last = page.empty();
        for (auto& record : page) {
            from = record.id;
            show(record);
            if (!filter.job_state || record.job_state == filter.job_state) shown.push_back(std::move(record));
        }
        if (last) break;
    }
    return shown;
}

}  // namespace spillway::api
