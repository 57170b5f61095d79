#include "tests/functional/relay/pg_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace spillway::test {
namespace {

/// PostgreSQL refuses to run as root: then it runs as the user that its package makes.
const passwd* server_user() {
    if (::getuid() != 0) return nullptr;
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("run as root, this needs the user postgres");
    return user;
}

std::string program(const std::string& name) { return SPILLWAY_POSTGRES_BIN "/" + name; }

/// Starts a program as the server's user; it dies with this process.
int spawn(const std::vector<std::string>& command, const std::string& log) {
    const passwd* user = server_user();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user != nullptr) {
        const bool became = ::setgroups(0, nullptr) == 0 && ::setgid(user->pw_gid) == 0 && ::setuid(user->pw_uid) == 0;
        if (!became) ::_exit(126);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (::getppid() != parent) ::_exit(125);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (::chdir("/") != 0) ::_exit(124);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
}

void run_program(const std::vector<std::string>& command, const std::string& log) {
    int status = 0;
    const int child = spawn(command, log);
    if (::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    std::ifstream file(log);
    std::stringstream text;
    text << file.rdbuf();
    throw std::runtime_error(command[0] + " failed:\n" + text.str());
}

int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const bool bound = ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                       ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(probe);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

}  // namespace

PgClient::PgClient(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
    if (PQstatus(connection_) == CONNECTION_OK) return;
    const std::string why = PQerrorMessage(connection_);
    PQfinish(connection_);
    throw std::runtime_error(why);
}

PgClient::~PgClient() { PQfinish(connection_); }

PgClient::PgClient(PgClient&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

int PgClient::socket() const { return PQsocket(connection_); }

std::string PgClient::run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const auto status = PQresultStatus(result);
    const bool well = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    std::string out = well && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
    const std::string why = well ? "" : PQresultErrorMessage(result);
    PQclear(result);
    if (!well) throw std::runtime_error(sql + ": " + why);
    return out;
}

void PgClient::send(const std::string& sql) { PQsendQuery(connection_, sql.c_str()); }

bool PgClient::answer() {
    bool well = true;
    while (PGresult* result = PQgetResult(connection_)) {
        const auto status = PQresultStatus(result);
        well = well && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
        PQclear(result);
    }
    return well;
}

void PgServer::make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "spillway-pg-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for PostgreSQL");
    folder_ = pattern;
    data_ = folder_ / "data";
    if (const passwd* user = server_user())
        if (::chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("chown failed");
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    port_ = free_port();
}

PgServer::PgServer() {
    make_folder();
    run_program({program("initdb"), "-D", data_, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale",
                 "C.UTF-8"},
                folder_ / "initdb.log");
    // Nothing here must survive a power cut, and the machine is shared.
    configure("fsync = off");
    configure("max_connections = 30\nmax_prepared_transactions = 5\nshared_buffers = 32MB\nwal_level = replica");
    configure("autovacuum_naptime = 600\nwal_keep_size = 64MB\nhot_standby = on");
    start();
    client().run("CREATE ROLE spillway_relay LOGIN");
}

PgServer::PgServer(Copy, PgServer& primary) {
    make_folder();
    run_program({program("pg_basebackup"), "-h", primary.folder_, "-p", std::to_string(primary.port_), "-U", "postgres",
                 "-D", data_, "-R", "--no-sync", "-c", "fast", "-X", "stream"},
                folder_ / "backup.log");
    start();
}

PgServer& PgServer::shared() {
    static PgServer server;
    return server;
}

void PgServer::use_new_database() {
    database_ = "postgres";
    const std::string name = "test_" + std::to_string(++databases_);
    client().run("CREATE DATABASE " + name);
    database_ = name;
}

std::unique_ptr<PgServer> PgServer::replica_of(PgServer& primary) {
    return std::unique_ptr<PgServer>(new PgServer(Copy{}, primary));
}

PgServer::~PgServer() {
    if (!ended_) stop(Shutdown::immediate);
    std::error_code ignored;  // a folder left behind harms nobody
    std::filesystem::remove_all(folder_, ignored);
}

void PgServer::configure(const std::string& line) {
    std::ofstream(data_ / "postgresql.conf", std::ios::app) << line << "\n";
}

void PgServer::start() {
    pid_ = spawn({program("postgres"), "-D", data_, "-k", folder_, "-c", "listen_addresses=127.0.0.1", "-c",
                  "port=" + std::to_string(port_)},
                 folder_ / "server.log");
    ended_ = false;
    // Only a server that never comes up is waited for so long.
    for (int tries = 0; tries < 3'000; ++tries) {
        if (stopped()) break;
        const std::string ping = "host=" + folder_.string() + " port=" + std::to_string(port_);
        if (PQping(ping.c_str()) == PQPING_OK) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::ifstream file(folder_ / "server.log");
    std::stringstream text;
    text << file.rdbuf();
    throw std::runtime_error("PostgreSQL does not start:\n" + text.str());
}

void PgServer::ask_to_stop(Shutdown how) const {
    const int signal = how == Shutdown::smart ? SIGTERM : how == Shutdown::fast ? SIGINT : SIGQUIT;
    ::kill(pid_, signal);
}

bool PgServer::stopped() {
    if (!ended_) ended_ = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
    return ended_;
}

void PgServer::stop(Shutdown how) {
    ask_to_stop(how);
    if (!ended_) ::waitpid(pid_, nullptr, 0);
    ended_ = true;
}

void PgServer::promote() { client().run("SELECT pg_promote()"); }

void PgServer::keep_files() { run_program({"/bin/cp", "-a", data_, folder_ / "kept"}, folder_ / "copy.log"); }

void PgServer::put_files_back() {
    std::filesystem::remove_all(data_);
    run_program({"/bin/cp", "-a", folder_ / "kept", data_}, folder_ / "copy.log");
}

PgClient PgServer::client(const std::string& user) const {
    return PgClient("host=" + folder_.string() + " port=" + std::to_string(port_) + " dbname=" + database_ +
                    " user=" + user);
}

std::string PgServer::conninfo(bool tcp) const {
    return "host=" + (tcp ? std::string("localhost") : folder_.string()) + " port=" + std::to_string(port_) +
           " dbname=" + database_ + " user=spillway_relay";
}

void PgServer::run_file(const std::string& path) const {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) throw std::runtime_error("cannot read " + path);
    client().run(text.str());
}

}  // namespace spillway::test
