#pragma once
// How rows look as JSON, as the schemas of openapi.json say. Each function appends one value.

#include "queue/why.hpp"
#include "schema/json_text.hpp"
#include "services/api/call.hpp"
#include "services/store/blocking.hpp"
#include "services/store/events.hpp"
#include "services/store/intake.hpp"
#include "services/store/records.hpp"

namespace spillway::api {

void write_partner(JsonText& json, const store::PartnerRow& partner);

/// `counts` and `lane` come from the loop thread's memory.
struct LaneView {
    queue::LaneCounts counts;
    sync::LaneStatus status;
    std::optional<queue::LanePause> pause;
};
LaneView view_lane(const ApiContext& context, const ConnectionId& id);
void write_lane(JsonText& json, const sync::LaneStatus& lane);
void write_connection_summary(JsonText& json, const store::ConnectionRow& row, const LaneView& lane);
void write_connection(JsonText& json, const store::ConnectionRow& row, const LaneView& lane);

void write_accepted(JsonText& json, const store::Accepted& accepted, const ConnectionId& connection, RecordKind kind,
                    std::string_view external_id);
void write_record_summary(JsonText& json, const store::RecordRow& record);
struct RecordView {
    store::RecordRow record{};
    store::VersionRow latest{};
    std::optional<queue::Job> job{};
    std::vector<store::LinkRow> links{};
    std::vector<store::AttemptRow> attempts{};
    std::vector<store::VersionRow> versions{};
    bool spilled = false;  ///< something newer than all of it waits to be merged
};
/// `provider` may be null: links then have no URL.
void write_record_detail(JsonText& json, const RecordView& view, const Provider* provider);

void write_job(JsonText& json, const queue::Job& job);
/// With the root of what it waits for, when it is blocked, why it is not running, and its last transitions.
struct JobView {
    queue::Job job;
    std::optional<store::Blocker> blocker;
    queue::Why standing;
    std::vector<queue::Step> history;
};
void write_job_detail(JsonText& json, const JobView& view);
/// A job's state and its reason in plain words.
std::string plain_words(const queue::Job& job);

void write_sync_summary(JsonText& json, const store::SyncRow& sync);
void write_sync(JsonText& json, const store::SyncRow& sync, const store::SyncProgress& progress,
                const sync::LaneStatus& lane, WallTime now);

/// Members only, inside an object that the caller opened.
void write_key(JsonText& json, const store::ApiKeyRow& key);
void write_event(JsonText& json, const store::EventRow& row);
void write_replay_summary(JsonText& json, const store::ReplayRow& replay);

}  // namespace spillway::api
