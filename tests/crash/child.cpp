#include "tests/crash/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "schema/assert.hpp"

namespace spillway::queue::test {

Child::Child(const std::vector<std::string>& arguments) {
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};
    const bool piped = ::pipe2(input, O_CLOEXEC) == 0 && ::pipe2(output, O_CLOEXEC) == 0;
    SPILLWAY_ASSERT(piped);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    std::vector<std::string> texts{"crash"};
    texts.insert(texts.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& text : texts) argv.push_back(text.data());
    argv.push_back(nullptr);
    const int spawned = ::posix_spawn(&pid_, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    SPILLWAY_ASSERT(spawned == 0);
    ::close(input[0]);
    ::close(output[1]);
    input_ = input[1];
    output_ = output[0];
}

Child::~Child() {
    kill();
    reap();
    ask_to_stop();
    ::close(output_);
}

std::optional<std::string> Child::line() {
    for (;;) {
        const std::size_t end = heard_.find('\n');
        if (end != std::string::npos) {
            std::string line = heard_.substr(0, end);
            heard_.erase(0, end + 1);
            return line;
        }
        char bytes[65'536];
        const ssize_t got = ::read(output_, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return std::nullopt;
        heard_.append(bytes, static_cast<std::size_t>(got));
    }
}

void Child::ask_to_stop() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
}

void Child::kill() {
    if (!reaped_) ::kill(pid_, SIGKILL);
}

int Child::reap() {
    if (std::exchange(reaped_, true)) return 0;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void wait_micros(std::uint64_t micros) { std::this_thread::sleep_for(std::chrono::microseconds(micros)); }

}  // namespace spillway::queue::test
