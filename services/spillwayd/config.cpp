#include "services/spillwayd/config.hpp"

#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "schema/json_value.hpp"
#include "services/relay/postgres/postgres_db.hpp"

namespace spillway::daemon {
namespace {

constexpr std::string_view kXeroApi = "https://api.xero.com";
constexpr std::string_view kQboApi = "https://quickbooks.api.intuit.com";

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
    // A directory opens and fails at the first read.
    if (file.bad() || (file.fail() && !file.eof())) return invalid("unreadable_file", "cannot read " + path);
    return std::move(text).str();
}

Result<std::string> trimmed_file(const std::string& path) {
    auto text = read_file(path);
    if (!text.ok()) return text;
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
    return text;
}

/// Walks one object, refusing members that nobody asked for.
class Reader {
 public:
    Reader(const JsonValue& object, std::string pointer) : object_(object), pointer_(std::move(pointer)) {}

    /// A text member into `out`, if it is there.
    void text(const std::string& name, std::string& out) {
        const auto* value = take(name);
        if (value == nullptr) return;
        auto read = value->as_string();
        if (!read.ok()) return fail(name, "must be text");
        out = std::move(*read);
    }
    const JsonValue* take(const std::string& name) {
        known_.insert(name);
        return object_.find(name);
    }
    void fail(const std::string& name, const std::string& why) {
        if (!error_) error_ = invalid("bad_config", pointer_to(pointer_, name) + " " + why, pointer_to(pointer_, name));
    }
    /// The first problem, unknown members included.
    Result<void> finish() {
        if (!object_.is_object())
            return invalid("bad_config", (pointer_.empty() ? "the configuration" : pointer_) + " must be an object",
                           pointer_);
        for (const auto& member : object_.members())
            if (!known_.contains(member.name)) fail(member.name, "is not a setting");
        if (error_) return *error_;
        return success();
    }
    [[nodiscard]] std::string at(const std::string& name) const { return pointer_to(pointer_, name); }

 private:
    const JsonValue& object_;
    std::string pointer_;
    std::set<std::string> known_;
    std::optional<Error> error_;
};

std::optional<std::uint16_t> port_from(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

/// A whole number within bounds, if it is there.
std::optional<std::int64_t> read_whole(Reader& reader, const std::string& name, std::int64_t least, std::int64_t most) {
    const auto* value = reader.take(name);
    if (value == nullptr) return std::nullopt;
    const auto number = value->as_int64();
    if (number.ok() && *number >= least && *number <= most) return *number;
    reader.fail(name, "is a number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::string upper(std::string text) {
    for (auto& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

Result<ProviderConfig> read_provider(const std::string& name, const JsonValue& object, const std::string& pointer,
                                     const Environment& environment) {
    ProviderConfig out;
    auto known = oauth::default_app(name);
    if (!known) return invalid("bad_config", pointer + " is not a provider (xero, qbo)", pointer);
    out.app = std::move(*known);
    out.api_origin = name == "xero" ? kXeroApi : kQboApi;
    Reader reader(object, pointer);
    std::string secret, secret_file, mark = "live";
    reader.text("client_id", out.app.client_id);
    reader.text("client_secret", secret);
    reader.text("client_secret_file", secret_file);
    reader.text("mark", mark);
    reader.text("authorize_url", out.app.authorize_url);
    reader.text("token_url", out.app.token_url);
    reader.text("revoke_url", out.app.revoke_url);
    reader.text("scopes", out.app.scopes);
    reader.text("redirect_uri", out.app.redirect_uri);
    reader.text("api_url", out.api_origin);
    if (name == "xero")
        if (const auto calls = read_whole(reader, "calls_per_day", 100, 1'000'000))
            out.calls_per_day = static_cast<int>(*calls);
    if (mark != "live" && mark != "sandbox") reader.fail("mark", "is live or sandbox");
    auto read = reader.finish();
    if (!read.ok()) return std::move(read).error();
    if (out.app.client_id.empty())
        return invalid("bad_config", pointer + "/client_id is missing", pointer + "/client_id");
    out.app.mark = mark == "live" ? oauth::Mark::live : oauth::Mark::sandbox;
    if (!secret_file.empty()) {
        auto from_file = trimmed_file(secret_file);
        if (!from_file.ok()) return std::move(from_file).error();
        secret = std::move(*from_file);
    }
    if (auto given = environment("SPILLWAY_" + upper(name) + "_CLIENT_SECRET")) secret = std::move(*given);
    out.app.client_secret = Secret(std::move(secret));
    for (const auto& url : {out.api_origin, out.app.token_url, out.app.authorize_url, out.app.revoke_url}) {
        const auto origin = oauth::origin_of(url);
        if (!origin.ok()) return invalid("bad_config", pointer + ": " + url + " is not an address", pointer);
        if (!oauth::may_send(name, out.app.mark, *origin))
            return invalid("bad_config",
                           pointer + ": live credentials are never sent to " + *origin +
                               " (mark it sandbox, or leave the address out)",
                           pointer);
    }
    out.api_origin = *oauth::origin_of(out.api_origin);
    return out;
}

Result<void> read_listen(Reader& reader, Config& config) {
    const auto* listen = reader.take("listen");
    if (listen == nullptr) return success();
    Reader inner(*listen, reader.at("listen"));
    inner.text("address", config.address);
    if (const auto* port = inner.take("port")) {
        auto number = port->as_int64();
        if (!number.ok() || *number < 0 || *number > 65535)
            inner.fail("port", "is a number from 0 (any free one) to 65535");
        else
            config.port = static_cast<std::uint16_t>(*number);
    }
    return inner.finish();
}

void read_millis(Reader& reader, const std::string& name, Millis least, Millis most, Millis& out) {
    if (const auto number = read_whole(reader, name, least.count(), most.count())) out = Millis{*number};
}

Result<void> read_relay(const JsonValue& object, Config& config, const Environment& environment) {
    RelayConfig out;
    Reader reader(object, "/relay");
    std::string password_file;
    reader.text("conninfo", out.conninfo);
    reader.text("password_file", password_file);
    reader.text("schema", out.schema);
    reader.text("sqlite_file", out.sqlite_file);
    read_millis(reader, "poll_ms", Millis{50}, Millis{10'000}, out.poll_max);
    read_millis(reader, "statement_ms", Millis{10}, Millis{2'000}, out.statement_limit);
    read_millis(reader, "long_transaction_ms", Millis{1'000}, Millis{86'400'000}, out.long_transaction);
    auto read = reader.finish();
    if (!read.ok()) return read;
    if (out.conninfo.empty() == out.sqlite_file.empty())
        return invalid("bad_config", "/relay takes either conninfo or sqlite_file", "/relay");
    if (!out.conninfo.empty()) {
        auto understood = relay::check_conninfo(out.conninfo);
        if (!understood.ok())
            return invalid("bad_config", "/relay/conninfo: " + understood.error().detail, "/relay/conninfo");
    }
    const bool plain = out.schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    if (!plain) return invalid("bad_config", "/relay/schema is one plain name in lower case", "/relay/schema");
    if (!password_file.empty()) {
        auto password = trimmed_file(password_file);
        if (!password.ok()) return std::move(password).error();
        out.password = Secret(*std::move(password));
    }
    if (auto given = environment("SPILLWAY_RELAY_PASSWORD")) out.password = Secret(*std::move(given));
    config.relay = std::move(out);
    return success();
}

Result<void> read_webhooks(const JsonValue& object, Config& config) {
    Reader reader(object, "/webhooks");
    if (const auto* allow = reader.take("allow")) {
        if (!allow->is_array()) reader.fail("allow", "is a list of host:port");
        for (const JsonValue& one : allow->items()) {
            auto place = webhooks::parse_place(one.text());
            if (!place.ok())
                reader.fail("allow", "is a list of host:port");
            else
                config.webhooks_allow.push_back(*std::move(place));
        }
    }
    return reader.finish();
}

void read_days(Reader& reader, const std::string& name, int least, int& out) {
    const auto* given = reader.take(name);
    if (given == nullptr) return;
    const auto number = given->as_int64();
    if (!number.ok() || (*number != 0 && *number < least) || *number > 36'500)
        return reader.fail(name, "is 0 for ever, or a number from " + std::to_string(least) + " to 36500");
    out = static_cast<int>(*number);
}

Result<void> read_retention(const JsonValue& object, Config& config) {
    Reader reader(object, "/retention");
    read_days(reader, "jobs_days", 1, config.retention.jobs);
    // Writes whose effect may come late are on watch for 7 days, and a store in doubt looks back as far.
    read_days(reader, "audit_days", 30, config.retention.audit);
    return reader.finish();
}

std::optional<int> two_digits(std::string_view text) {
    int number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.size() != 2 || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// "02:30"
std::optional<Millis> time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hours = two_digits(text.substr(0, 2));
    const auto minutes = two_digits(text.substr(3));
    if (!hours || !minutes || *hours > 23 || *minutes > 59 || *hours < 0 || *minutes < 0) return std::nullopt;
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

Result<void> read_nightly(const JsonValue& object, Config& config) {
    constexpr std::int64_t kBackupsMax = 1'000;
    Reader reader(object, "/nightly");
    std::string at = "02:30";
    reader.text("at", at);
    const auto time = time_of_day(at);
    if (!time) reader.fail("at", "is a UTC time of day, as 02:30");
    if (time) config.nightly.at = *time;
    if (const auto* backups = reader.take("backups")) {
        const auto number = backups->as_int64();
        if (!number.ok() || *number < 0 || *number > kBackupsMax)
            reader.fail("backups", "is a number from 0 (none) to 1000");
        else
            config.nightly.backups = static_cast<int>(*number);
    }
    return reader.finish();
}

Result<void> apply_environment(Config& config, std::string& level, const Environment& environment) {
    if (auto value = environment("SPILLWAY_ADDRESS")) config.address = *value;
    if (auto value = environment("SPILLWAY_STATE_DIR")) config.state_dir = *value;
    if (auto value = environment("SPILLWAY_PUBLIC_URL")) config.public_url = *value;
    if (auto value = environment("SPILLWAY_LOG_LEVEL")) level = *value;
    if (auto value = environment("SPILLWAY_PORT")) {
        const auto port = port_from(*value);
        if (!port) return invalid("bad_config", "SPILLWAY_PORT is a number from 0 to 65535");
        config.port = *port;
    }
    return success();
}

/// What follows from other settings when it is not given.
Result<void> complete(Config& config, const std::string& level) {
    const auto log_level = log_level_from(level);
    if (!log_level) return invalid("bad_config", "/log_level is debug, info, warn or error", "/log_level");
    config.log_level = *log_level;
    if (config.state_dir.empty()) return invalid("bad_config", "/state_dir is missing", "/state_dir");
    if (config.admin_key_file.empty()) config.admin_key_file = config.state_dir + "/admin.key";
    if (config.secrets_key_file.empty()) config.secrets_key_file = config.state_dir + "/secrets.key";
    if (config.backup_dir.empty()) config.backup_dir = config.state_dir + "/backups";
    if (config.public_url.empty()) config.public_url = "http://localhost:" + std::to_string(config.port);
    while (config.public_url.ends_with('/')) config.public_url.pop_back();
    for (auto& [name, provider] : config.providers)
        if (provider.app.redirect_uri.empty()) provider.app.redirect_uri = config.public_url + "/v1/connect/callback";
    return success();
}

Result<void> read_all(const JsonValue& root, Config& config, std::string& level, const Environment& environment) {
    Reader reader(root, "");
    reader.text("state_dir", config.state_dir);
    reader.text("public_url", config.public_url);
    reader.text("admin_key_file", config.admin_key_file);
    reader.text("secrets_key_file", config.secrets_key_file);
    reader.text("backup_dir", config.backup_dir);
    reader.text("log_level", level);
    auto listen = read_listen(reader, config);
    if (!listen.ok()) return listen;
    if (const auto* relay = reader.take("relay")) {
        auto given = read_relay(*relay, config, environment);
        if (!given.ok()) return given;
    }
    if (const auto* retention = reader.take("retention")) {
        auto given = read_retention(*retention, config);
        if (!given.ok()) return given;
    }
    if (const auto* webhooks = reader.take("webhooks")) {
        auto given = read_webhooks(*webhooks, config);
        if (!given.ok()) return given;
    }
    if (const auto* nightly = reader.take("nightly")) {
        auto given = read_nightly(*nightly, config);
        if (!given.ok()) return given;
    }
    if (const auto* providers = reader.take("providers")) {
        if (!providers->is_object()) reader.fail("providers", "must be an object");
        for (const auto& member : providers->members()) {
            auto provider =
                read_provider(member.name, member.value, pointer_to("/providers", member.name), environment);
            if (!provider.ok()) return std::move(provider).error();
            config.providers.emplace(member.name, std::move(*provider));
        }
    }
    return reader.finish();
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& path, const Environment& environment) {
    auto named = [&path](Error error) {
        error.detail = path + ": " + error.detail;
        return error;
    };
    auto root = parse_json(text);
    if (!root.ok()) return named(std::move(root).error());
    Config config;
    std::string level = "info";
    auto read = read_all(*root, config, level, environment);
    if (!read.ok()) return named(std::move(read).error());
    auto overridden = apply_environment(config, level, environment);
    if (!overridden.ok()) return std::move(overridden).error();
    auto completed = complete(config, level);
    if (!completed.ok()) return named(std::move(completed).error());
    return config;
}

Result<Config> read_config(const std::string& path, const Environment& environment) {
    auto text = read_file(path);
    if (!text.ok()) return std::move(text).error();
    return parse_config(*text, path, environment);
}

}  // namespace spillway::daemon
