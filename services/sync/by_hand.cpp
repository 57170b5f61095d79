// A record whose fate the books did not tell is settled by a person who names the object. It is read before it is
// believed.

#include <algorithm>

#include "services/sync/service.hpp"

namespace spillway::sync {

namespace asio = boost::asio;

namespace {

/// The object that the record still needs, as the provider names it. A record that was voided meanwhile needs none:
/// then the one whose creation is in doubt.
std::optional<Step> object_wanted(const Provider& provider, const store::LoadedSubject& loaded) {
    auto live = loaded.subject;
    live.voided = false;
    for (const auto& step : provider.plan(live)) {
        const bool doubtful =
            std::ranges::find(loaded.unclear, step.role) != loaded.unclear.end() || !loaded.subject.voided;
        if (step.verb == Verb::create && doubtful) return step;
    }
    return std::nullopt;
}

bool is_complete(const Provider& provider, Subject subject, const Link& link) {
    subject.links.push_back(link);
    return provider.plan(subject).empty();
}

}  // namespace

asio::awaitable<Result<store::LinkByHand>> Service::find_object(ConnectionId connection, queue::JobId job,
                                                                std::string provider_id) {
    auto row = co_await row_of(connection);
    if (!row.ok()) co_return std::move(row).error();
    const auto app = apps_.find(row->provider);
    const auto found = lanes_.find(row->id.value);
    if (app == apps_.end() || found == lanes_.end())
        co_return Error{ErrorKind::conflict, "not_running", "the connection's lane is not running"};
    const auto lane = found->second;  // held: a disconnect meanwhile must not free it
    const auto& provider = *app->second.provider;
    std::function<Result<std::vector<store::LoadedSubject>>(queue::sqlite::Connection&)> load =
        [job](queue::sqlite::Connection& reading) { return store::load_subjects(reading, {job}); };
    auto loaded = co_await store_.read(std::move(load));
    if (!loaded.ok()) co_return std::move(loaded).error();
    const auto& subject = loaded->front();
    const auto step = object_wanted(provider, subject);
    if (!step) co_return Error{ErrorKind::conflict, "linked", "the record needs no new object"};

    Link link{.role = step->role, .entity = step->entity, .id = provider_id, .version = {}, .owned_hash = {}};
    auto objects =
        co_await lane->read(provider.read_by_id(row->tenant_id, std::array{link}), pacing::Urgency::interactive);
    // QuickBooks calls an id that is no number a bad request.
    if (!objects.ok() && objects.error().http_status == 400)
        co_return invalid("no_object", objects.error().detail, "/provider_id");
    if (!objects.ok()) co_return std::move(objects).error();
    const auto object = std::ranges::find_if(*objects, [&](const RemoteObject& o) { return o.id == provider_id; });
    if (object == objects->end() || (!object->live && !subject.subject.voided))
        co_return invalid("no_object", "the books hold no live " + step->entity + " of that id", "/provider_id");
    link.version = object->version;
    link.owned_hash = object->owned_hash;
    link.voided = !object->live;
    link.record_version = subject.subject.version;
    const bool complete = is_complete(provider, subject.subject, link);
    co_return store::LinkByHand{subject.record_id, job, std::move(link), complete};
}

}  // namespace spillway::sync
