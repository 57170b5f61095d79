#pragma once
// The REST API: every operation of schema/api/openapi.json as one HTTP handler. Loop thread only.

#include <functional>
#include <map>
#include <string>

#include "connectors/provider.hpp"
#include "queue/sqlite/sqlite_store.hpp"
#include "schema/clock.hpp"
#include "schema/random.hpp"
#include "services/http/server.hpp"
#include "services/relay/control.hpp"
#include "services/spill/spill.hpp"
#include "services/sync/sync_service.hpp"
#include "services/webhooks/sender.hpp"

namespace spillway::api {

class Replayer;

struct Settings {
    std::string admin_key_hash;   ///< sha256_hex of the bootstrap administrator's key; empty: none
    std::string public_base_url;  ///< "https://spillway.example": the start of Location headers; empty: relative ones
    std::string generation;       ///< of the store, see store/events.hpp
    std::string backup_dir{};     ///< where backups go; empty: none can be made
};

/// One answered request, for the log. Holds no secret: neither query nor body.
struct RequestLog {
    std::string method, route, request_id, principal;
    int status = 0;
    Millis duration{};
};

/// What the API works with. All of it outlives the handler.
struct ApiContext {
    queue::sqlite::SqliteStore& store;
    sync::SyncService& sync;
    std::map<std::string, const Provider*, std::less<>> providers;  ///< by name: "xero", "qbo"
    Clock& clock;
    Random& random;
    Settings settings;
    std::function<Result<void>()> ready;           ///< for /readyz; an error's detail is shown
    std::function<void(const RequestLog&)> log{};  ///< may be empty
    relay::Control* relay = nullptr;               ///< null: no payment database is read
    Replayer* replayer = nullptr;                  ///< null: long replays stay where their first step left them
    spill::Spill* spill = nullptr;                 ///< null: intake waits while the store is out of reach
    webhooks::Sender* webhooks = nullptr;          ///< null: none can be made
};

/// The handler for http::listen. `context` must outlive it and everything that it answered.
http::Handler make_handler(ApiContext& context);

}  // namespace spillway::api
