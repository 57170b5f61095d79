#pragma once
// Who there is, in memory: what intake must know of partners and connections while the store cannot be asked. Loaded at
// the start; whoever changes a row tells it afterwards. Loop thread only.

#include <string>
#include <unordered_map>

#include "services/store/connections.hpp"
#include "services/store/partners.hpp"

namespace spillway::spill {

class Directory {
 public:
    /// Everything, in one snapshot. Takes the place of what was known before.
    void load(const std::vector<store::PartnerRow>& partners, std::vector<store::ConnectionGist> connections);
    void put(const PartnerId& partner, std::string state) {
        partners_.insert_or_assign(partner.value, std::move(state));
    }
    void put(store::ConnectionGist connection);

    /// Whether intake for the connection may be taken from someone who is bound to `partner` (nothing: to none).
    /// Errors: those that intake by the store has: forbidden/`partner_suspended`, not_found/`not_found`,
    /// conflict/`disconnected`.
    [[nodiscard]] Result<void> check(const std::optional<std::string>& partner, const ConnectionId& connection) const;

 private:
    std::unordered_map<std::string, std::string> partners_;  // id to state
    std::unordered_map<std::string, store::ConnectionGist> connections_;
};

}  // namespace spillway::spill
