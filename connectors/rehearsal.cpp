#include "connectors/rehearsal.hpp"

#include <algorithm>

namespace spillway {
namespace {

void as_if_done(Subject& subject, const Step& step) {
    const auto mine = [&](const Link& link) { return link.role == step.role; };
    if (step.verb == Verb::remove || step.verb == Verb::create) std::erase_if(subject.links, mine);
    if (step.verb == Verb::create) {
        Link made;
        made.role = step.role;
        made.entity = step.entity;
        made.id = "(to be made)";
        subject.links.push_back(std::move(made));
    }
    for (Link& link : subject.links) {
        if (!mine(link)) continue;
        link.record_version = subject.version;
        link.voided = step.verb == Verb::void_;
    }
}

}  // namespace

const RemoteObject* object_of(const Link& link, std::span<const RemoteObject> read) {
    const auto found = std::find_if(read.begin(), read.end(), [&](const RemoteObject& object) {
        return object.id == link.id && object.entity == link.entity;
    });
    return found == read.end() ? nullptr : &*found;
}

std::optional<Error> rehearse(Subject subject, const std::vector<Step>& steps, const Write& write) {
    for (const Step& step : steps) {
        if (step.verb == Verb::create || step.verb == Verb::update)
            if (const Result<PreparedObject> object = write(subject, step); !object) return object.error();
        as_if_done(subject, step);
    }
    return std::nullopt;
}

}  // namespace spillway
