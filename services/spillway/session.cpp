#include "services/spillway/session.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <ostream>
#include <sstream>

#include "schema/utf8.hpp"

namespace spillway::cli {
namespace {

constexpr const char* kDefaultUrl = "http://127.0.0.1:8787";

}  // namespace

std::string Session::given_or(const std::string& given, const char* variable) const {
    return given.empty() ? terminal_.environment(variable).value_or("") : given;
}

bool Session::has_key() const {
    return !given_or(globals_.key, "SPILLWAY_KEY").empty() || !given_or(globals_.key_file, "SPILLWAY_KEY_FILE").empty();
}

Result<Secret> Session::key() const {
    // What stands on the command line is meant more than what the environment happens to hold.
    if (!globals_.key.empty()) return Secret(globals_.key);
    std::string file = globals_.key_file;
    if (file.empty()) {
        if (auto key = terminal_.environment("SPILLWAY_KEY")) return Secret(*std::move(key));
        file = terminal_.environment("SPILLWAY_KEY_FILE").value_or("");
    }
    if (file.empty()) return Secret();
    Result<std::string> text = read_file(file);
    if (!text.ok()) return text.error();
    text->erase(text->find_last_not_of(" \t\r\n") + 1);
    if (text->empty()) return invalid("bad_key_file", "the key file " + file + " is empty");
    return Secret(*std::move(text));
}

Result<Client*> Session::client() {
    if (!client_) {
        Result<Secret> secret = key();
        if (!secret.ok()) return secret.error();
        const std::string url = given_or(globals_.url, "SPILLWAY_URL");
        auto made = Client::create(url.empty() ? kDefaultUrl : url, *std::move(secret));
        if (!made.ok()) return made.error();
        client_ = *std::move(made);
    }
    return client_.get();
}

int Session::fail(const Error& error) {
    std::string line = error.detail.empty() ? error.code : error.detail;
    std::ranges::replace(line, '\n', ' ');
    err() << "spillway: " << line << "\n";
    return exit_code_of(error);
}

int Session::print(const JsonValue& answer, const std::function<void(const JsonValue&)>& show) {
    if (json())
        out() << write_json(answer) << "\n";
    else
        show(answer);
    return kOk;
}

int exit_code_of(const Error& error) {
    if (error.code == "not_reachable") return kUnreachable;
    return error.kind == ErrorKind::invalid || error.kind == ErrorKind::not_found ? kBadUsage : kFailed;
}

Result<std::string> read_file(const std::string& path) {
    if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
    // A directory opens and fails at the first read.
    if (file.bad() || (file.fail() && !file.eof())) return invalid("unreadable", "cannot read " + path);
    return std::move(text).str();
}

Result<void> write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.close();
    if (!file) return invalid("unwritable", "cannot write " + path);
    return success();
}

void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    const auto width = [](const std::string& cell) { return utf8_length(cell).value_or(cell.size()); };
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out << row[i];
            if (i + 1 < row.size()) out << std::string(widths[i] - width(row[i]) + 2, ' ');
        }
        out << "\n";
    }
}

}  // namespace spillway::cli
