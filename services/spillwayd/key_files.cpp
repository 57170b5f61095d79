#include "services/spillwayd/key_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

namespace spillway::daemon {
namespace {

Error failed(const std::string& path, const std::string& what) {
    return invalid("key_file", what + " the key file " + path);
}

/// Creates the file with `content` if there is none: whole or not at all, and on disk before it is used.
Result<void> create(const std::string& path, const std::string& content) {
    const auto draft = path + ".new";
    const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0) return failed(path, "cannot make");
    const bool written = ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    const bool synced = written && ::fsync(file) == 0;
    ::close(file);
    // link() never replaces: a key that another process made in the meantime stays.
    const bool linked = synced && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(draft.c_str());
    if (!linked) return failed(path, "cannot make");
    return success();
}

Result<std::string> read_or_create(const std::string& path, const std::string& fresh) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) {
        auto created = create(path, fresh);
        if (!created.ok()) return std::move(created).error();
    }
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return failed(path, "cannot read");
    return std::move(text).str();
}

}  // namespace

Result<Secret> admin_key(const std::string& path, Random& random) {
    auto text = read_or_create(path, "spw_" + random.hex128() + random.hex128() + "\n");
    if (!text.ok()) return std::move(text).error();
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    if (text->empty()) return failed(path, "nothing in");
    return Secret(std::move(*text));
}

Result<oauth::Vault> secrets_keys(const std::string& path, Random& random) {
    auto text = read_or_create(path, "k1:" + random.hex128() + random.hex128() + "\n");
    if (!text.ok()) return std::move(text).error();
    return oauth::Vault::from_text(*text);
}

}  // namespace spillway::daemon
