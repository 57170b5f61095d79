#pragma once
// A small source system: what it submitted, and whether the books agree.

#include <map>
#include <string>

#include "tests/simulation/world.hpp"

namespace spillway::test {

struct Source {
    std::map<std::string, Decimal> documents{};  ///< number -> total; credit notes below zero
};

/// A connection that posts automatically, with customer C1, item IT1 and one invoice in the books.
std::string connect_with_invoice(World& world, const std::string& provider, const std::string& number,
                                 const std::string& total);

/// Submits invoices (one in six a credit note) over nine contacts and twelve items, documents first. With `retry`, a
/// refused submission is made again after `retry()` until it is taken, as a caller does.
Source submit_month(World& world, const std::string& connection, int count, const std::function<void()>& retry = {});

/// Every document exactly once with its total, no contact or item twice. Reports each deviation as a failure.
void expect_books(World& world, const std::string& provider, const Source& source);

/// The documents of that number that are neither voided nor deleted.
std::vector<BookedDocument> live_documents(World& world, const std::string& provider, const std::string& number);
/// Live payments' amounts by document number, and how many payments there are under "count".
std::map<std::string, Decimal> live_payments(World& world, const std::string& provider);
/// Calls that may change the books.
std::size_t writes(const World& world, const std::string& provider);
/// How many seeds each random test runs: `usual`, or SPILLWAY_SEEDS for a long hunt.
std::uint64_t seed_count(std::uint64_t usual);

}  // namespace spillway::test
