#pragma once
// Gives consent on the sandbox's page as a person would: reads the form, keeps what is preselected, says yes. Only for
// pages on this machine: on a real provider's page a person decides.

#include <string>
#include <utility>
#include <vector>

#include "services/spillway/client.hpp"

namespace spillway::cli {

struct ConsentForm {
    std::string action;
    std::vector<std::pair<std::string, std::string>> fields;
};

/// The form of a consent page with `decision=allow`. `organisation` (id or name as the page shows it) chooses; empty
/// takes what is preselected, or the first. Errors: invalid/`no_form`, invalid/`no_such_organisation`.
Result<ConsentForm> read_consent_form(std::string_view html, std::string_view organisation);

/// Follows a consent URL to the end. @return the address that the provider redirects to.
/// Errors: invalid/`not_local` (a host that is not this machine), those of the page.
Result<std::string> give_consent(Client& client, const std::string& url, std::string_view organisation);

/// Origin and target of an absolute URL: {"http://127.0.0.1:8788", "/connect?x=1"}; empty where it is none.
std::pair<std::string, std::string> split_url(std::string_view url);
/// Whether the URL's host is this machine by name or address.
bool is_local(std::string_view url);

}  // namespace spillway::cli
