#pragma once
// What every command shares: where it prints, what was asked for globally, and the client.

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/spillway/client.hpp"

namespace spillway::cli {

enum ExitCode : int {
    kOk = 0,
    kFailed = 1,       ///< the service said no, or something is parked or differs
    kBadUsage = 2,     ///< bad arguments or input; one line on the error stream
    kUnreachable = 3,  ///< the service does not answer
};

/// The process's surroundings, so that tests have their own.
struct Terminal {
    std::ostream& out;
    std::ostream& err;
    bool tty = false;  ///< progress may redraw itself on `err`
    std::function<std::optional<std::string>(const std::string&)> environment;
};

struct Globals {
    std::string url, key, key_file;
    bool json = false;
};

class Session {
 public:
    Session(Terminal& terminal, Globals globals) : terminal_(terminal), globals_(std::move(globals)) {}

    /// Connects to nothing yet. Errors: a key file that cannot be read, a bad URL.
    Result<Client*> client();
    [[nodiscard]] bool has_key() const;
    [[nodiscard]] bool json() const { return globals_.json; }
    [[nodiscard]] bool tty() const { return terminal_.tty; }
    std::ostream& out() { return terminal_.out; }
    std::ostream& err() { return terminal_.err; }

    /// One line on the error stream. @return the exit code that the error stands for.
    int fail(const Error& error);
    /// The answer as it came with --json, else by `show`.
    int print(const JsonValue& answer, const std::function<void(const JsonValue&)>& show);

 private:
    [[nodiscard]] Result<Secret> key() const;
    [[nodiscard]] std::string given_or(const std::string& given, const char* variable) const;

    Terminal& terminal_;
    Globals globals_;
    std::unique_ptr<Client> client_;
};

int exit_code_of(const Error& error);

/// The bytes of a file, or of the standard input for "-". Errors: invalid/`unreadable`.
Result<std::string> read_file(const std::string& path);
/// Errors: invalid/`unwritable`.
Result<void> write_file(const std::string& path, const std::string& text);

/// Columns aligned; the first row is the heading. The last column is not padded.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

}  // namespace spillway::cli
