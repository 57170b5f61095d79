// spillway tie-out and generate-month: the drill's two ends.

#include <ostream>

#include "services/drill/month.hpp"
#include "services/drill/tie_out.hpp"
#include "services/spillway/commands.hpp"
#include "services/spillway/source.hpp"

namespace spillway::cli {
namespace {

Result<drill::Books> fetch_books(Client& client, std::string sandbox, const std::string& provider) {
    while (sandbox.ends_with('/')) sandbox.pop_back();
    HttpRequest request;
    request.target = "/_sandbox/" + provider + "/ledger";
    const auto response = client.send(sandbox, std::move(request));
    if (!response.ok()) return response.error();
    if (response->status != 200) return problem_of(*response);
    const auto ledger = parse_json(response->body, {.bytes_max = 256u << 20, .values_max = 100'000'000});
    if (!ledger.ok()) return Error{ErrorKind::bug, "bad_ledger", "the sandbox's ledger is no JSON"};
    return drill::read_ledger(*ledger);
}

/// Parked jobs of every connection that the key sees.
Result<std::size_t> count_parked(Client& client) {
    const auto connections = client.all("/v1/connections");
    if (!connections.ok()) return connections.error();
    std::int64_t parked = 0;
    for (const JsonValue& one : *connections) parked += one["counts"]["parked"].int64_or(0);
    return static_cast<std::size_t>(parked);
}

}  // namespace

int tie_out(Session& session, const TieOutOptions& options) {
    const auto source = open_source(options.format, options.source);
    if (!source.ok()) return session.fail(source.error());
    const auto client = session.client();
    if (!client.ok()) return session.fail(client.error());
    drill::TieOut result;
    result.source = &source->import;
    if (!options.seconds.empty()) {
        const auto seconds = Decimal::parse(options.seconds);
        if (!seconds.ok())
            return session.fail(invalid("bad_seconds", "--seconds '" + options.seconds + "' is no number"));
        result.circumstances.seconds = *seconds;
    }
    if (session.has_key()) {
        const auto parked = count_parked(**client);
        if (!parked.ok()) return session.fail(parked.error());
        result.circumstances.parked = *parked;
    }
    for (const char* provider : {"xero", "qbo"}) {
        const auto books = fetch_books(**client, options.sandbox, provider);
        if (!books.ok()) return session.fail(books.error());
        result.sides.push_back(drill::compare(source->import, *books));
    }
    const std::string report = drill::report_json(result);
    if (!options.report.empty())
        if (auto written = write_file(options.report, report + "\n"); !written.ok())
            return session.fail(written.error());
    session.out() << (session.json() ? report + "\n" : drill::report_text(result));
    return result.exact() ? kOk : kFailed;
}

int generate_month(Session& session, std::size_t documents, std::uint64_t seed) {
    session.out() << drill::generate_month({documents, seed});
    return kOk;
}

}  // namespace spillway::cli
