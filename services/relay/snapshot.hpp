#pragma once
// What a database had committed at one moment, as PostgreSQL says it: "xmin:xmax:running,...". The cursor of the relay
// is made of these, because ids and transaction ids are given out in one order and become visible in another.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/result.hpp"

namespace spillway::relay {

/// A full (64-bit) transaction id; it never wraps.
using Xid = std::uint64_t;

struct Snapshot {
    Xid xmin = 1;                ///< every transaction below has ended
    Xid xmax = 1;                ///< none from here on had ended
    std::vector<Xid> running{};  ///< those in between that had not ended, ascending

    /// Shows nothing: the start of a first reading.
    static Snapshot nothing() { return {}; }
    /// Errors: invalid/`bad_snapshot`.
    static Result<Snapshot> parse(std::string_view text);
    [[nodiscard]] std::string to_text() const;

    /// Whether the transaction had ended.
    [[nodiscard]] bool shows(Xid xid) const;
    bool operator==(const Snapshot&) const = default;
};

/// The part of a replica's snapshot that can be trusted: a replica does not list the transactions that are open on the
/// primary (measured on PostgreSQL 15: they look ended), but its xmin is right.
Snapshot gated_by_xmin(const Snapshot& snapshot);

/// Shows what either shows.
Snapshot joined(const Snapshot& one, const Snapshot& other);

/// Whether `now` cannot be a later moment of the database that `seen` was taken from: time has gone back there.
bool contradicts(const Snapshot& seen, const Snapshot& now);

/// What became visible between two snapshots: transactions that were running then, and the range of new ids (some of
/// which `to` may not show).
struct Delta {
    std::vector<Xid> ended{};
    Xid first = 0, last = 0;  ///< both included; first > last: no new ids
};
Delta delta_between(const Snapshot& from, const Snapshot& to);

}  // namespace spillway::relay
