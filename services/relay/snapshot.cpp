#include "services/relay/snapshot.hpp"

#include <algorithm>
#include <charconv>

namespace spillway::relay {
namespace {

/// Reads one number and cuts it off, the separator behind it included.
bool take_number(std::string_view& text, char separator, Xid& out) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (code != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return true;
    if (text.front() != separator) return false;
    text.remove_prefix(1);
    return true;
}

Error bad_snapshot(std::string_view text) {
    return invalid("bad_snapshot", "not a snapshot: " + std::string(text.substr(0, 80)));
}

}  // namespace

Result<Snapshot> Snapshot::parse(std::string_view text) {
    const std::string_view whole = text;
    Snapshot out;
    if (!take_number(text, ':', out.xmin) || !take_number(text, ':', out.xmax)) return bad_snapshot(whole);
    if (std::ranges::count(whole, ':') != 2 || out.xmin > out.xmax) return bad_snapshot(whole);
    while (!text.empty()) {
        Xid xid = 0;
        if (!take_number(text, ',', xid) || xid < out.xmin || xid >= out.xmax) return bad_snapshot(whole);
        out.running.push_back(xid);
    }
    std::ranges::sort(out.running);
    return out;
}

std::string Snapshot::to_text() const {
    std::string out = std::to_string(xmin) + ":" + std::to_string(xmax) + ":";
    for (std::size_t i = 0; i < running.size(); ++i) out += (i == 0 ? "" : ",") + std::to_string(running[i]);
    return out;
}

bool Snapshot::shows(Xid xid) const {
    if (xid < xmin) return true;
    return xid < xmax && !std::ranges::binary_search(running, xid);
}

Snapshot gated_by_xmin(const Snapshot& snapshot) { return {snapshot.xmin, snapshot.xmin, {}}; }

Snapshot joined(const Snapshot& one, const Snapshot& other) {
    Snapshot out;
    out.xmax = std::max(one.xmax, other.xmax);
    // Below both xmax, a transaction is hidden only when listed; between the two, when the later snapshot lists it.
    std::ranges::set_union(one.running, other.running, std::back_inserter(out.running));
    std::erase_if(out.running, [&](Xid xid) { return one.shows(xid) || other.shows(xid); });
    out.xmin = out.running.empty() ? out.xmax : out.running.front();
    return out;
}

bool contradicts(const Snapshot& seen, const Snapshot& now) {
    if (now.xmax < seen.xmax) return true;
    return std::ranges::any_of(now.running, [&](Xid xid) { return seen.shows(xid); });
}

Delta delta_between(const Snapshot& from, const Snapshot& to) {
    Delta out;
    std::ranges::copy_if(from.running, std::back_inserter(out.ended), [&](Xid xid) { return to.shows(xid); });
    out.first = from.xmax;
    out.last = to.xmax - 1;
    return out;
}

}  // namespace spillway::relay
