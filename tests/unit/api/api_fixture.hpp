#pragma once
// The API over a real store, a sync service that only notes what it is asked, and direct calls of the handler.

#include <vector>

#include "schema/json_value.hpp"
#include "services/api/api.hpp"
#include "services/api/replayer.hpp"
#include "tests/unit/store/books_fixture.hpp"

namespace spillway::test {

class FakeSync : public sync::SyncService {
 public:
    template <class T>
    using Task = boost::asio::awaitable<Result<T>>;

    FakeSync(queue::sqlite::SqliteStore& store, Clock& clock) : store_(store), clock_(clock) {}
    Task<sync::Consent> start_connect(PartnerId partner, std::string provider, std::optional<ConnectionId> reconnect,
                                      std::string return_url) override;
    Task<Connected> finish_connect(std::string state, std::string code, std::string realm, std::string error) override;
    Task<void> pause(ConnectionId connection, std::string reason, std::optional<WallTime> until) override;
    Task<void> resume(ConnectionId connection) override;
    Task<void> disconnect(ConnectionId connection) override;
    Task<void> refresh_books(ConnectionId connection) override;
    Task<store::LinkByHand> find_object(ConnectionId connection, queue::JobId job, std::string provider_id) override;
    Task<void> save_mapping(ConnectionId connection, Mapping mapping) override;
    Task<void> set_posting(ConnectionId connection, std::string posting) override;
    Task<SyncId> start_sync(ConnectionId connection, std::string requested_by) override;
    [[nodiscard]] sync::LaneStatus lane_status(const ConnectionId& connection) const override;
    [[nodiscard]] sync::Trust trust() const override { return trusted; }

    sync::Trust trusted;

    std::vector<std::string> asked;  ///< "pause con_a month end"
    std::string return_url;          ///< what finish_connect gives back
    store::LinkByHand object;        ///< what find_object finds
    std::optional<Error> failure;    ///< what every verb answers, when set

 private:
    Result<void> note(std::string what);
    queue::sqlite::SqliteStore& store_;
    Clock& clock_;
    int syncs_ = 0;
};

inline constexpr const char* kAdmin = "spk_admin";
inline constexpr const char* kPlatform = "spk_platform";
inline constexpr const char* kPartnerA = "spk_a";
inline constexpr const char* kPartnerB = "spk_b";
inline constexpr const char* kReadA = "spk_read_a";
inline constexpr const char* kReadAll = "spk_read_all";

struct ApiTest : BooksTest {
    ApiTest();

    http::Reply reply(HttpRequest request);
    HttpResponse send(HttpRequest request);
    HttpResponse send(const std::string& method, const std::string& target, const std::string& key,
                      const std::string& body = "", HttpHeaders headers = {});
    HttpResponse get(const std::string& target, const std::string& key = kAdmin) { return send("GET", target, key); }
    /// The body as JSON; null when it is none.
    static JsonValue json(const HttpResponse& response);
    /// The problem's code.
    static std::string code(const HttpResponse& response) { return json(response)["code"].string_or(""); }
    HttpResponse put_contact(const std::string& id, const std::string& name, HttpHeaders headers = {});

    FakeSync sync;
    SeededRandom random{7};
    api::Replayer replayer;  ///< runs when a test spawns it
    api::ApiContext context;
    std::vector<api::RequestLog> logged;
    http::Handler handler;
};

}  // namespace spillway::test
