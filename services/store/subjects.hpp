#pragma once
// Subjects: a record's latest version with its links and its referents' links, as a provider needs it to plan and
// write.

#include <string>
#include <vector>

#include "connectors/provider.hpp"
#include "queue/sqlite/sqlite_store.hpp"

namespace spillway::store {

struct LoadedSubject {
    std::int64_t record_id = 0;
    queue::JobId job_id = 0;
    int attempts = 0;  ///< of the job
    queue::Priority priority = queue::Priority::normal;
    Subject subject;
    /// Roles whose create ended without a link although the books may hold the object: a person was asked to look.
    std::vector<std::string> unclear;
};

/// Loads the subjects of jobs (whose body is the record id). Order is kept.
/// Errors: bug/`record_missing`, bug/`record_unreadable`.
Result<std::vector<LoadedSubject>> load_subjects(queue::sqlite::Connection& connection,
                                                 const std::vector<queue::JobId>& jobs);
/// One record as of `version`, for settling what was found out about an intent; its latest when 0.
Result<LoadedSubject> load_subject(queue::sqlite::Connection& connection, std::int64_t record_id,
                                   std::int64_t version = 0);
/// Another record of the same connection that is linked to this provider object already: "contact/C1".
std::optional<std::string> other_owner(queue::sqlite::Connection& connection, std::int64_t record_id, const Link& link);

/// An object of the books that a person says a record is.
struct LinkByHand {
    std::int64_t record_id = 0;
    queue::JobId job_id = 0;
    Link link;              ///< as the provider has it now; `record_version`: what a person says it holds
    bool complete = false;  ///< with it the books hold that version whole
};
/// Links it, and notes it among the record's attempts. Errors: conflict/`name_taken` (it is another record's).
Result<void> link_by_hand(queue::sqlite::Connection& connection, const LinkByHand& decision, const std::string& note,
                          WallTime now);

std::vector<Link> links_of(queue::sqlite::Connection& connection, std::int64_t record_id);
/// Inserts or replaces the link of that role.
Result<void> save_link(queue::sqlite::Connection& connection, std::int64_t record_id, const Link& link, WallTime now);
Result<void> drop_link(queue::sqlite::Connection& connection, std::int64_t record_id, const std::string& role);
/// The books now hold that version of the record.
Result<void> mark_applied(queue::sqlite::Connection& connection, std::int64_t record_id, std::int64_t version);

}  // namespace spillway::store
