#pragma once
// A record's outstanding steps, tried before the first of them is carried out. What replaces an object takes the old
// one away first; whether the new one can be written has to be known by then.

#include <functional>

#include "connectors/provider.hpp"

namespace spillway {

/// The object of a link among what was read; null when it is not there.
const RemoteObject* object_of(const Link& link, std::span<const RemoteObject> read);

/// Writes one create or update of a subject whose earlier steps are done.
using Write = std::function<Result<PreparedObject>(const Subject& subject, const Step& step)>;

/// Prepares every create and update of `steps` against the links as they will be by then.
/// @return the first refusal.
std::optional<Error> rehearse(Subject subject, const std::vector<Step>& steps, const Write& write);

}  // namespace spillway
