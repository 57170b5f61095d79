// spillway sync: starts a sync on each connection and, with --wait, shows how they go until all are done.

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "services/spillway/commands.hpp"
#include "services/spillway/csv/report.hpp"
#include "services/spillway/progress.hpp"

namespace spillway::cli {
namespace {

constexpr Millis kPollEvery{1'000};
/// A restart of the service in the middle of a wait is waited out.
constexpr Millis kRestartPatience{180'000};

struct Watched {
    std::string connection, provider, target;
    JsonValue sync{};
    bool first_invoice_seen = false;
    bool end_shown = false;

    [[nodiscard]] bool done() const { return sync["state"].text() == "done"; }
    /// Parked, or waiting for something parked: what a person has to look at.
    [[nodiscard]] std::int64_t stuck() const {
        return sync["parked"].int64_or(0) + sync["blocked_by_parked"].int64_or(0);
    }
};

std::string waiting_text(const JsonValue& lane) {
    const std::string what = lane["waits_for"].string_or("");
    if (what.empty()) return lane["doing"].string_or("");
    const std::int64_t left = lane["wait_left_ms"].int64_or(-1);
    return "waits for " + what + (left < 0 ? "" : ", " + span_text(Millis{left}));
}

std::string line_of(const Watched& one) {
    const std::int64_t total = one.sync["total"].int64_or(0), left = one.sync["left"].int64_or(0);
    std::string line = fmt::format("{:<5} {} {} of {}", one.provider, bar(total - left, total),
                                   csv::grouped(static_cast<std::size_t>(std::max<std::int64_t>(total - left, 0))),
                                   csv::grouped(static_cast<std::size_t>(total)));
    if (const auto parked = one.sync["parked"].int64_or(0); parked > 0) line += fmt::format(", {} parked", parked);
    line += fmt::format(", {} calls, {} in all", one.sync["lane"]["calls"].int64_or(0),
                        span_text(Millis{one.sync["elapsed_ms"].int64_or(0)}));
    if (one.done()) return line + ": done";
    if (const auto eta = one.sync["eta_ms"].int64_or(-1); eta >= 0)
        line += ", about " + span_text(Millis{eta}) + " left";
    return line + ": " + waiting_text(one.sync["lane"]);
}

/// Says once when a connection's first invoice stands in the books.
void look_for_first_invoice(Client& client, Watched& one, Progress& progress) {
    if (one.first_invoice_seen) return;
    const auto applied =
        client.get("/v1/connections/" + percent_encode(one.connection) + "/records?kind=invoice&state=applied&limit=1");
    if (!applied.ok() || (*applied)["items"].items().empty()) return;
    one.first_invoice_seen = true;
    progress.note(one.provider + ": the first invoice, " + (*applied)["items"].items()[0]["number"].string_or("") +
                  ", is in the books after " + span_text(Millis{one.sync["elapsed_ms"].int64_or(0)}));
}

Result<Watched> start(Client& client, const std::string& connection) {
    const std::string base = "/v1/connections/" + percent_encode(connection);
    const auto row = client.get(base);
    if (!row.ok()) return row.error();
    auto sync = client.post(base + "/syncs");
    if (!sync.ok()) return sync.error();
    Watched one;
    one.connection = connection;
    one.provider = (*row)["provider"].string_or("");
    one.target = base + "/syncs/" + percent_encode((*sync)["id"].string_or(""));
    one.sync = *std::move(sync);
    return one;
}

Result<void> watch(Session& session, Client& client, std::vector<Watched>& all) {
    Progress progress(session.err(), session.tty());
    client.set_patience(kRestartPatience);
    for (;;) {
        std::vector<std::string> lines;
        std::string important;
        for (Watched& one : all) {
            if (!one.done()) {
                auto sync = client.get(one.target);
                if (!sync.ok()) return sync.error();
                one.sync = *std::move(sync);
            }
            look_for_first_invoice(client, one, progress);
            // Off a terminal an ended sync is told once.
            if (session.tty() || !one.end_shown) lines.push_back(line_of(one));
            one.end_shown = one.done();
            important += one.sync["lane"]["waits_for"].string_or("") + (one.done() ? "done" : "") + ";";
        }
        progress.show(lines, client.now(), important);
        if (std::ranges::all_of(all, &Watched::done)) return success();
        client.sleep(kPollEvery);
    }
}

}  // namespace

int sync(Session& session, const std::vector<std::string>& connections, bool wait) {
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    std::vector<Watched> all;
    for (const std::string& connection : connections) {
        auto started = start(**client, connection);
        if (!started.ok()) return session.fail(started.error());
        all.push_back(*std::move(started));
    }
    if (wait)
        if (auto watched = watch(session, **client, all); !watched.ok()) return session.fail(watched.error());
    std::vector<JsonValue> syncs;
    std::int64_t stuck = 0;
    for (Watched& one : all) {
        stuck += one.stuck();
        syncs.push_back(std::move(one.sync));
    }
    session.print(JsonValue::array(std::move(syncs)), [&](const JsonValue& list) {
        for (const JsonValue& one : list.items())
            session.out() << "sync " << one["id"].text() << " of " << one["connection_id"].text() << " is "
                          << one["state"].text() << "\n";
    });
    if (wait && stuck > 0)
        session.err() << "spillway: " << stuck
                      << " jobs are parked or wait for one: spillway jobs list --state parked\n";
    return wait && stuck > 0 ? kFailed : kOk;
}

}  // namespace spillway::cli
