#pragma once
// A limit in time on whatever the owner does next.

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "schema/clock.hpp"

namespace spillway {

/// Calls `on_expiry` once when `when` passes on `clock`, from the loop; once the object is gone it never calls.
/// The callback ends the wait (closes a socket, cancels a timer) and must not throw; the owner then asks expired().
/// Lives on the loop's thread. The clock must outlive the loop's next turn after the destruction.
class Deadline {
 public:
    Deadline(boost::asio::any_io_executor executor, Clock& clock, SteadyTime when, std::function<void()> on_expiry);
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    [[nodiscard]] bool expired() const;

 private:
    struct State;
    static boost::asio::awaitable<void> watch(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;
};

}  // namespace spillway
