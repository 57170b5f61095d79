#include "services/relay/postgres/pg_connector.hpp"

#include <libpq-fe.h>
#include <netdb.h>

#include <array>
#include <string_view>

#include "schema/runtime/run_on.hpp"

namespace spillway::relay {

namespace asio = boost::asio;

namespace {

std::string* find(PgParameters& parameters, std::string_view name) {
    for (auto& [each, value] : parameters)
        if (each == name) return &value;
    return nullptr;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (true) {
        const auto comma = text.find(',');
        out.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return out;
        text.remove_prefix(comma + 1);
    }
}

/// A numeric address of the host; nothing when the name is not known.
std::optional<std::string> address_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
    std::array<char, NI_MAXHOST> text{};
    const int failed =
        ::getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    ::freeaddrinfo(found);
    if (failed != 0) return std::nullopt;
    return std::string(text.data());
}

/// One address for each of the hosts, in their order; a path to a socket has none.
Result<std::string> addresses_of(const std::string& hosts) {
    std::string out;
    for (const std::string& host : split(hosts)) {
        if (!out.empty()) out += ',';
        if (host.empty() || host.front() == '/' || host.front() == '@') continue;
        const auto address = address_of(host);
        if (!address) return Error{ErrorKind::unavailable, "payment_db_down", "the name " + host + " has no address"};
        out += *address;
    }
    return out;
}

void set_default(PgParameters& parameters, std::string_view name, std::string value) {
    if (find(parameters, name) == nullptr) parameters.emplace_back(name, std::move(value));
}

Result<PgParameters> parse(const std::string& conninfo) {
    char* problem = nullptr;
    PQconninfoOption* options = PQconninfoParse(conninfo.c_str(), &problem);
    if (options == nullptr) {
        std::string why = problem == nullptr ? "out of memory" : problem;
        while (why.ends_with('\n')) why.pop_back();
        PQfreemem(problem);
        return invalid("bad_conninfo", why);
    }
    PgParameters out;
    for (const PQconninfoOption* each = options; each->keyword != nullptr; ++each)
        if (each->val != nullptr) out.emplace_back(each->keyword, each->val);
    PQconninfoFree(options);
    if (find(out, "password") != nullptr)
        return invalid("bad_conninfo", "the password goes into a file of its own, not into the connection string");
    return out;
}

/// What keeps every statement short and harmless, whatever the role is allowed to do.
std::string session_options(const PgSettings& settings) {
    std::string out = "-c default_transaction_read_only=on -c idle_in_transaction_session_timeout=1000 -c jit=off";
    out += " -c max_parallel_workers_per_gather=0";
    if (settings.by_index) out += " -c enable_seqscan=off";
    out += " -c statement_timeout=" + std::to_string(settings.statement_limit.count());
    out += " -c lock_timeout=" + std::to_string(settings.lock_limit.count());
    if (!settings.schema.empty()) out += " -c search_path=" + settings.schema;
    return out;
}

}  // namespace

Result<void> check_conninfo(const std::string& conninfo) {
    auto parameters = parse(conninfo);
    if (!parameters.ok()) return std::move(parameters).error();
    return success();
}

PgConnector::PgConnector(asio::any_io_executor loop, asio::any_io_executor blocking, Clock& clock, PgSettings settings,
                         PgParameters parameters)
    : loop_(std::move(loop)),
      blocking_(std::move(blocking)),
      clock_(clock),
      settings_(std::move(settings)),
      parameters_(std::move(parameters)) {}

Result<std::unique_ptr<PgConnector>> PgConnector::make(asio::any_io_executor loop, asio::any_io_executor blocking,
                                                       Clock& clock, PgSettings settings) {
    auto parameters = parse(settings.conninfo);
    if (!parameters.ok()) return std::move(parameters).error();
    std::string options = session_options(settings);
    if (std::string* given = find(*parameters, "options"))
        *given = options + " " + *given;
    else
        parameters->emplace_back("options", options);
    set_default(*parameters, "application_name", settings.application);
    set_default(*parameters, "client_encoding", "UTF8");
    set_default(*parameters, "gssencmode", "disable");  // Kerberos would block the loop
    set_default(*parameters, "keepalives_idle", "5");
    set_default(*parameters, "tcp_user_timeout", "5000");
    return std::unique_ptr<PgConnector>(
        new PgConnector(std::move(loop), std::move(blocking), clock, std::move(settings), *std::move(parameters)));
}

asio::awaitable<Result<std::unique_ptr<PgConnection>>> PgConnector::open() {
    PgParameters parameters = parameters_;
    const std::string* hosts = find(parameters, "host");
    if (hosts != nullptr && find(parameters, "hostaddr") == nullptr) {
        auto resolve = [text = *hosts] { return addresses_of(text); };
        auto addresses = co_await run_on(blocking_, std::move(resolve));
        if (!addresses.ok()) co_return std::move(addresses).error();
        if (addresses->find_first_not_of(',') != std::string::npos)
            parameters.emplace_back("hostaddr", *std::move(addresses));
    }
    if (!settings_.password.empty()) parameters.emplace_back("password", settings_.password.reveal());
    auto connection = std::make_unique<PgConnection>(loop_, clock_);
    opening_ = connection.get();
    auto connected = co_await connection->connect(std::move(parameters), settings_.connect_limit);
    opening_ = nullptr;
    if (!connected.ok()) co_return std::move(connected).error();
    co_return connection;
}

void PgConnector::abort() {
    if (opening_ != nullptr) opening_->close();
}

}  // namespace spillway::relay
