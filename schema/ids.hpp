#pragma once
// Strong identifiers: two ids of different things never mix, and no signature has two swappable strings.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace spillway {

template <class Tag>
struct StringId {
    std::string value;

    StringId() = default;
    explicit StringId(std::string text) : value(std::move(text)) {}
    [[nodiscard]] bool empty() const { return value.empty(); }
    auto operator<=>(const StringId&) const = default;
};

using PartnerId = StringId<struct PartnerTag>;        ///< "par_..." given by us
using ConnectionId = StringId<struct ConnectionTag>;  ///< "con_..." given by us; names a lane too
using SyncId = StringId<struct SyncTag>;              ///< "syn_..." given by us
using GrantId = StringId<struct GrantTag>;            ///< "grt_..." one OAuth token set
using ExternalId = StringId<struct ExternalTag>;      ///< the caller's own id of a record, 1..128 characters

}  // namespace spillway

template <class Tag>
struct std::hash<spillway::StringId<Tag>> {
    std::size_t operator()(const spillway::StringId<Tag>& id) const noexcept {
        return std::hash<std::string>{}(id.value);
    }
};
