#pragma once
// A sender between a real store and receivers in memory, on virtual time.

#include "services/webhooks/sender.hpp"
#include "tests/unit/api/api_fixture.hpp"

namespace spillway::test {

/// Receivers by host; each answers as it is told, after the time that it is told.
class FakeReceivers final : public Transport {
 public:
    explicit FakeReceivers(Clock& clock) : clock_(clock) {}

    struct Seen {
        std::string host, id, signature, timestamp, body;
        WallTime at{};
    };
    struct Manner {
        int status = 200;
        HttpHeaders headers{};
        Millis takes{};
    };

    boost::asio::awaitable<SendResult> send(std::string origin, HttpRequest request, SendLimits limits) override;
    /// What a host has got, in order.
    [[nodiscard]] std::vector<Seen> of(const std::string& host) const;

    std::map<std::string, Manner> manners;
    std::vector<Seen> seen;
    std::map<std::string, int> now, most;  ///< requests under way at once, by host

 private:
    Clock& clock_;
};

struct WebhooksTest : ApiTest {
    WebhooksTest();
    ~WebhooksTest() override;

    /// A process that starts.
    void start_sender();
    /// One that ends, whatever was under way.
    void stop_sender();
    void restart();
    /// For tests of days: fewer looks at the event log.
    void look_every(Millis span);
    /// Registers `https://<host>/` for partner A; gives its id. The secret goes to `secrets`.
    std::string hook(const std::string& host, const std::string& more = "");
    void event(const std::string& type, const std::string& partner = "par_a", const std::string& connection = "con_a");
    JsonValue deliveries(const std::string& webhook, const std::string& query = "");
    JsonValue webhook(const std::string& id) { return json(get("/v1/webhooks/" + id)); }
    void pass(Millis span) { clock->run_for(span); }

    FakeReceivers receivers;
    webhooks::Limits limits;
    webhooks::Allowed allowed;
    std::unique_ptr<webhooks::Sender> sender;
    std::unique_ptr<TaskGroup> tasks;
    std::map<std::string, std::string> secrets;
};

oauth::Vault a_vault();

}  // namespace spillway::test
