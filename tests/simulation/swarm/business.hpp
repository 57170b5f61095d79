#pragma once
// A company that uses the service through one connection: it submits records as its month goes on, changes and voids
// them, and submits again whatever was not acknowledged, as a caller does. It knows what its books should hold.

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/bodies.hpp"
#include "tests/simulation/swarm/findings.hpp"
#include "tests/simulation/swarm/options.hpp"
#include "tests/simulation/swarm/trace.hpp"
#include "tests/simulation/world.hpp"

namespace spillway::test {

/// One record as the company wants it.
struct Wanted {
    std::string kind, id;
    std::string contact;                  ///< of a document or a payment: it stays
    std::string body;                     ///< as last submitted
    Decimal total{};                      ///< of a document, credit notes below zero; of a payment its amount
    std::vector<Applied> applied{};       ///< what a payment or a credit note settles
    std::vector<std::size_t> settlers{};  ///< of an invoice: who settles it
    bool settled = false;                 ///< an invoice that payments name: its total stays
    bool voided = false;
    bool refused_by_books = false;  ///< cannot be booked as it is: ends parked
    bool foreign = false;           ///< the books hold somebody else's document of that number

    std::int64_t version = 0;  ///< the latest that was acknowledged
    std::int64_t job = 0;
    bool under_way = false;         ///< a submission without an answer
    bool again = false;             ///< changed meanwhile, or not acknowledged
    bool was_voided_there = false;  ///< the void was acknowledged
    SteadyTime acknowledged{};
};

class Business {
 public:
    struct Place {
        std::string provider;
        std::size_t tenant = 0;
        std::string connection, currency;
        bool automatic = true;
    };
    struct Parts {
        World& world;
        const Options& options;
        Findings& findings;
        Trace& trace;
    };
    Business(Parts parts, Place place, std::uint64_t seed);

    /// Plans `records` over `span` from now: a few all the time, most of them in the spike of the month's end.
    void plan(int records, Millis span);
    /// What was referred to and never submitted, comes; what cannot be booked is left.
    void complete();
    /// Submits again what was not acknowledged so far.
    [[nodiscard]] bool all_acknowledged() const;
    /// Somebody cancels a job that may not have been sent, and the company submits another version.
    void cancel_one();
    /// Somebody asks for a sync.
    void ask_for_sync();

    [[nodiscard]] const Place& place() const { return place_; }
    [[nodiscard]] const std::vector<Wanted>& wanted() const { return wanted_; }
    /// "INV-7" and "PAY-9" of one company never meet those of another.
    [[nodiscard]] std::string name(const std::string& word, std::uint64_t number) const;
    /// A number that somebody else's document has already.
    void mark_foreign(const std::string& number) { foreign_.push_back(number); }
    [[nodiscard]] int acknowledged() const { return acknowledged_; }

 private:
    void act();
    void add_invoice();
    void add_payment();
    void add_credit_note();
    void add_plain(const std::string& kind);
    void change_one();
    void void_one();
    void void_settled(std::size_t invoice);
    std::vector<std::size_t> some_settled();
    void settle(Wanted& settler, std::size_t index, const std::vector<std::size_t>& invoices);
    std::string document_body(const Wanted& record, const std::string& total);
    std::string amount(std::uint64_t most);
    void add(Wanted record);
    void submit(std::size_t index);
    void send(std::size_t index);
    void answered(std::size_t index, const HttpResponse* answer, bool voids);
    void accepted(Wanted& record, const HttpResponse& answer, bool voids);

    World& world_;
    const Options& options_;
    Findings& findings_;
    Trace& trace_;
    Place place_;
    SeededRandom random_;
    std::vector<Wanted> wanted_{};
    std::vector<std::string> foreign_{};
    std::vector<std::size_t> settled_{}, free_{}, payments_{}, notes_{};
    std::uint64_t contacts_ = 0, items_ = 0, contacts_known_ = 0, items_known_ = 0;
    int unacknowledged_ = 0, acknowledged_ = 0;
};

/// Runs `what` on the loop when `when` has come.
void call_at(SimClock& clock, SteadyTime when, std::function<void()> what);

}  // namespace spillway::test
