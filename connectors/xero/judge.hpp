#pragma once
// Is what a look-up found the object of our write?

#include "connectors/provider.hpp"

namespace spillway::xero {

Verdict judge(const PreparedObject& object, std::span<const RemoteObject> found);

}  // namespace spillway::xero
