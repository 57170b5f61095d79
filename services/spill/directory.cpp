#include "services/spill/directory.hpp"

namespace spillway::spill {

void Directory::load(const std::vector<store::PartnerRow>& partners, std::vector<store::ConnectionGist> connections) {
    partners_.clear();
    connections_.clear();
    for (const store::PartnerRow& partner : partners) put(partner.id, partner.state);
    for (store::ConnectionGist& connection : connections) put(std::move(connection));
}

void Directory::put(store::ConnectionGist connection) {
    const std::string id = connection.id.value;
    connections_.insert_or_assign(id, std::move(connection));
}

Result<void> Directory::check(const std::optional<std::string>& partner, const ConnectionId& connection) const {
    if (partner) {
        const auto own = partners_.find(*partner);
        if (own == partners_.end() || own->second == "suspended")
            return Error{ErrorKind::forbidden, "partner_suspended", "the partner is suspended"};
    }
    const auto found = connections_.find(connection.value);
    if (found == connections_.end() || (partner && found->second.partner.value != *partner))
        return Error{ErrorKind::not_found, "not_found", "there is no such connection"};
    if (found->second.state == "disconnected") return store::disconnected();
    return success();
}

}  // namespace spillway::spill
