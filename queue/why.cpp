#include "queue/why.hpp"

#include <algorithm>

namespace spillway::queue {

namespace {

bool in_force(const Hold& hold, WallTime now) { return !hold.until || *hold.until > now; }

/// The hold that keeps the job back; of several the widest.
const Hold* hold_of(const Job& job, const Standing& standing, WallTime now) {
    const Hold* widest = nullptr;
    const auto named = [](const Hold& hold) { return (hold.lane ? 1 : 0) + (hold.kind ? 1 : 0); };
    for (const Hold& hold : standing.holds) {
        const bool meets = (!hold.lane || *hold.lane == job.lane) && (!hold.kind || *hold.kind == job.kind);
        if (meets && in_force(hold, now) && (widest == nullptr || named(hold) < named(*widest))) widest = &hold;
    }
    return widest;
}

std::string because(const std::string& reason) { return reason.empty() ? "" : ": " + reason; }

Why held(const Hold& hold) {
    std::string what = "Everything";
    if (hold.lane) what = "Its lane";
    if (hold.kind) what = hold.lane ? "Its kind in this lane" : "Its kind";
    return {"held", what + " is on hold" + because(hold.reason), hold.until};
}

Why waiting(const Job& job, const Standing& standing, WallTime now) {
    if (const Hold* hold = hold_of(job, standing, now)) return held(*hold);
    if (standing.ahead == 0) return {"next", "It is the next of its lane"};
    return {"behind", std::to_string(standing.ahead) + " jobs of its lane go first", {}, {}, standing.ahead};
}

Why blocked(const Standing& standing) {
    if (standing.follows) {
        return {"follows",
                "It goes after job " + std::to_string(*standing.follows) + " of the same key",
                {},
                standing.follows};
    }
    if (!standing.root) return {"blocked", "It waits for another job"};
    const Root& root = *standing.root;
    Why why{"blocked", "", {}, root.job, root.blocks};
    const std::string also = root.blocks > 1 ? "; " + std::to_string(root.blocks) + " jobs wait for it" : "";
    if (!root.job) {
        why.words = "It waits for " + root.key + ", of which there is no open job" + also;
    } else if (root.state == JobState::parked) {
        why.words = "It waits for " + root.key + ", which is parked" + because(root.cause) + also;
    } else {
        why.words = "It waits for " + root.key + ", which is " + std::string(to_string(*root.state)) + also;
    }
    return why;
}

}  // namespace

Why explain(const Job& job, const Standing& standing, WallTime now) {
    if (is_ended(job.state)) return {"ended", "It has ended: " + std::string(to_string(job.state))};
    if (standing.claimed) return {"in_flight", "It is being carried out"};
    switch (job.state) {
        case JobState::waiting: return waiting(job, standing, now);
        case JobState::scheduled:
            // When its time has come it waits for the commit that says so.
            if (job.run_at && *job.run_at <= now) return waiting(job, standing, now);
            if (job.attempts > 0 || !job.cause.empty())
                return {"retry", "It is tried again later" + because(job.cause), job.run_at};
            return {"scheduled", "It is not to run before its time", job.run_at};
        case JobState::blocked: return blocked(standing);
        case JobState::unknown: return {"unknown", "What became of its last attempt is being found out"};
        case JobState::parked: return {"parked", "It waits for a person" + because(job.cause)};
        default: return {"in_flight", "It is being carried out"};
    }
}

}  // namespace spillway::queue
