#pragma once
// A real PostgreSQL of a test's own: in a folder of its own, behind a Unix socket and a free port, ended with the test.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct pg_conn;

namespace spillway::test {

/// A blocking connection of the platform's: what a payment application does.
class PgClient {
 public:
    explicit PgClient(const std::string& conninfo);
    ~PgClient();
    PgClient(PgClient&& other) noexcept;
    PgClient& operator=(PgClient&&) = delete;
    /// Runs statements; throws what the server says. @return the first column of the first row, if any
    std::string run(const std::string& sql);
    /// Sends without waiting for the answer.
    void send(const std::string& sql);
    /// The answer of send(): true when it went well.
    bool answer();
    [[nodiscard]] int socket() const;

 private:
    pg_conn* connection_;
};

class PgServer {
 public:
    /// A new cluster with a role `spillway_relay` that may do nothing yet; running. Throws.
    PgServer();
    /// One that the tests of a program share, each with a database of its own.
    static PgServer& shared();
    /// From now on clients and the relay use a new, empty database.
    void use_new_database();
    [[nodiscard]] const std::string& database() const { return database_; }
    /// A running replica of `primary`, or any other copy that a base backup makes.
    static std::unique_ptr<PgServer> replica_of(PgServer& primary);
    ~PgServer();
    PgServer(const PgServer&) = delete;
    PgServer& operator=(const PgServer&) = delete;

    void start();
    enum class Shutdown { smart, fast, immediate };
    void stop(Shutdown how);
    /// Asks for a stop and returns; the end is stopped()'s to see.
    void ask_to_stop(Shutdown how) const;
    [[nodiscard]] bool stopped();
    void promote();
    void configure(const std::string& line);
    /// The files of a stopped cluster, put aside and put back.
    void keep_files();
    void put_files_back();

    [[nodiscard]] PgClient client(const std::string& user = "postgres") const;
    /// By the role of the relay; over TCP on the loopback, or the Unix socket.
    [[nodiscard]] std::string conninfo(bool tcp = false) const;
    void run_file(const std::string& path) const;
    [[nodiscard]] int port() const { return port_; }

 private:
    struct Copy {};
    PgServer(Copy, PgServer& primary);
    void make_folder();
    std::filesystem::path folder_, data_;
    std::string database_ = "postgres";
    int databases_ = 0;
    int port_ = 0;
    int pid_ = 0;
    bool ended_ = true;
};

}  // namespace spillway::test
