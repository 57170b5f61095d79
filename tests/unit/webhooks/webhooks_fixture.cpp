#include "tests/unit/webhooks/webhooks_fixture.hpp"

#include "services/store/events.hpp"

namespace spillway::test {

oauth::Vault a_vault() {
    auto vault = oauth::Vault::from_text("k1:" + std::string(64, 'a') + "\n");
    if (!vault.ok()) throw std::runtime_error(vault.error().detail);
    return *std::move(vault);
}

boost::asio::awaitable<SendResult> FakeReceivers::send(std::string origin, HttpRequest request, SendLimits limits) {
    std::string host = origin.substr(origin.find("://") + 3);
    host.resize(host.find(':'));
    const auto header = [&](const char* name) { return std::string(request.headers.find(name).value_or("")); };
    seen.push_back({host, header("webhook-id"), header("webhook-signature"), header("webhook-timestamp"), request.body,
                    clock_.wall_now()});
    most[host] = std::max(most[host], ++now[host]);
    const Manner manner = manners[host];
    const bool late = manner.takes > limits.total;
    const bool woken = co_await clock_.sleep_for(std::min(manner.takes, limits.total));
    --now[host];
    SendResult sent;
    sent.stage = late || !woken ? Stage::sending : Stage::answered;
    if (late) sent.failure = "no complete answer within the time limit";
    sent.response.status = manner.status;
    sent.response.headers = manner.headers;
    co_return sent;
}

std::vector<FakeReceivers::Seen> FakeReceivers::of(const std::string& host) const {
    std::vector<Seen> out;
    for (const Seen& one : seen)
        if (one.host == host) out.push_back(one);
    return out;
}

WebhooksTest::WebhooksTest() : receivers(*clock) { start_sender(); }
WebhooksTest::~WebhooksTest() { stop_sender(); }

void WebhooksTest::start_sender() {
    sender = std::make_unique<webhooks::Sender>(
        webhooks::Sender::Parts{io.get_executor(), *store, receivers, a_vault(), *clock, random, allowed, limits});
    tasks = std::make_unique<TaskGroup>(io.get_executor(), "test");
    tasks->spawn(sender->run(), "webhooks");
    context.webhooks = sender.get();
    pass(Millis{0});
}

void WebhooksTest::restart() {
    stop_sender();
    start_sender();
}

void WebhooksTest::look_every(Millis span) {
    limits.poll = span;
    restart();
}

void WebhooksTest::stop_sender() {
    if (!sender) return;
    context.webhooks = nullptr;
    finish([](TaskGroup& group, webhooks::Sender& one, Clock& time) -> boost::asio::awaitable<bool> {
        co_await group.stop(time, Millis{0});
        co_await one.stop(Millis{0});
        co_return true;
    }(*tasks, *sender, *clock));
    tasks.reset();
    sender.reset();
}

std::string WebhooksTest::hook(const std::string& host, const std::string& more) {
    const auto made = send("POST", "/v1/webhooks", kPartnerA, R"({"url":"https://)" + host + R"(/")" + more + "}");
    if (made.status != 201) throw std::runtime_error(made.body);
    const std::string id = json(made)["id"].string_or("");
    secrets[id] = json(made)["secret"].string_or("");
    return id;
}

void WebhooksTest::event(const std::string& type, const std::string& partner, const std::string& connection) {
    auto said = commit([&](queue::Transaction& transaction) {
        store::append_event(queue::sqlite::connection_of(transaction),
                            {clock->wall_now(), PartnerId(partner), ConnectionId(connection), type, R"({"n":1})"});
        return success();
    });
    if (!said.ok()) throw std::runtime_error(said.error().detail);
}

JsonValue WebhooksTest::deliveries(const std::string& webhook, const std::string& query) {
    return json(get("/v1/webhooks/" + webhook + "/deliveries" + query))["items"];
}

}  // namespace spillway::test
