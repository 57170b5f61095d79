#pragma once
// This program again, as a process of its own that can be killed.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace spillway::queue::test {

class Child {
 public:
    /// Starts the running program with other arguments.
    explicit Child(const std::vector<std::string>& arguments);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// The next whole line; nothing when its output has ended.
    std::optional<std::string> line();
    /// Ends its standard input.
    void ask_to_stop();
    void kill();
    /// Waits for its end. @return the exit code, or minus the signal.
    int reap();

 private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    std::string heard_;
    bool reaped_ = false;
};

/// Real time: a kill has to come at moments that the killed process cannot foresee.
void wait_micros(std::uint64_t micros);

}  // namespace spillway::queue::test
