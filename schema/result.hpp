#pragma once
// Result<T>: a value or an Error. Its default state is an error, so that a result that nobody filled in never reads
// as a success (co_spawn in Boost 1.81 default-constructs what a coroutine returns).

#include <utility>
#include <variant>

#include "schema/assert.hpp"
#include "schema/error.hpp"

namespace spillway {

template <class T>
class [[nodiscard]] Result {
 public:
    Result() : state_(Error{ErrorKind::bug, "empty_result", "a result that was never set"}) {}
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool ok() const { return state_.index() == 0; }
    explicit operator bool() const { return ok(); }

    T& value() & { return check(), std::get<0>(state_); }
    const T& value() const& { return check(), std::get<0>(state_); }
    T&& value() && { return check(), std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    const Error& error() const& { return SPILLWAY_ASSERT(!ok()), std::get<1>(state_); }
    Error&& error() && { return SPILLWAY_ASSERT(!ok()), std::get<1>(std::move(state_)); }

 private:
    void check() const { SPILLWAY_ASSERT(ok()); }
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
    Result() : error_(Error{ErrorKind::bug, "empty_result", "a result that was never set"}), failed_(true) {}
    Result(Error error) : error_(std::move(error)), failed_(true) {}
    static Result success() { return Result(std::in_place); }

    [[nodiscard]] bool ok() const { return !failed_; }
    explicit operator bool() const { return ok(); }
    const Error& error() const& { return SPILLWAY_ASSERT(failed_), error_; }
    Error&& error() && { return SPILLWAY_ASSERT(failed_), std::move(error_); }

 private:
    explicit Result(std::in_place_t) : failed_(false) {}
    Error error_{};
    bool failed_;
};

/// What a function returning Result<void> returns when all went well.
inline Result<void> success() { return Result<void>::success(); }

}  // namespace spillway
