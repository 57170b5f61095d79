#pragma once
// The operations, by their operationId in openapi.json.

#include "services/api/call.hpp"

namespace spillway::api {

awaitable<Reply> create_partner(Call& call);
awaitable<Reply> list_partners(Call& call);
awaitable<Reply> get_partner(Call& call);
awaitable<Reply> suspend_partner(Call& call);
awaitable<Reply> resume_partner(Call& call);

awaitable<Reply> start_connect(Call& call);
awaitable<Reply> finish_connect(Call& call);
awaitable<Reply> list_connections(Call& call);
awaitable<Reply> get_connection(Call& call);
awaitable<Reply> set_connection(Call& call);
awaitable<Reply> pause_connection(Call& call);
awaitable<Reply> resume_connection(Call& call);
awaitable<Reply> disconnect_connection(Call& call);
awaitable<Reply> reconnect_connection(Call& call);
awaitable<Reply> get_books(Call& call);
awaitable<Reply> refresh_books(Call& call);

awaitable<Reply> put_record(Call& call);
awaitable<Reply> get_record(Call& call);
awaitable<Reply> void_record(Call& call);
awaitable<Reply> put_records(Call& call);
awaitable<Reply> list_records(Call& call);

awaitable<Reply> start_sync(Call& call);
awaitable<Reply> list_syncs(Call& call);
awaitable<Reply> get_sync(Call& call);
awaitable<Reply> watch_sync(Call& call);

awaitable<Reply> list_jobs(Call& call);
awaitable<Reply> get_job(Call& call);
awaitable<Reply> cancel_job(Call& call);
awaitable<Reply> replay_job(Call& call);
awaitable<Reply> resolve_job(Call& call);

awaitable<Reply> start_replay(Call& call);
awaitable<Reply> list_replays(Call& call);
awaitable<Reply> get_replay(Call& call);
awaitable<Reply> cancel_replay(Call& call);

awaitable<Reply> list_holds(Call& call);
awaitable<Reply> set_hold(Call& call);
awaitable<Reply> lift_hold(Call& call);
awaitable<Reply> list_blocked(Call& call);

awaitable<Reply> list_events(Call& call);

awaitable<Reply> create_webhook(Call& call);
awaitable<Reply> list_webhooks(Call& call);
awaitable<Reply> get_webhook(Call& call);
awaitable<Reply> set_webhook(Call& call);
awaitable<Reply> delete_webhook(Call& call);
awaitable<Reply> rotate_webhook(Call& call);
awaitable<Reply> ping_webhook(Call& call);
awaitable<Reply> list_deliveries(Call& call);
awaitable<Reply> replay_delivery(Call& call);
awaitable<Reply> replay_deliveries(Call& call);

awaitable<Reply> get_relay(Call& call);
awaitable<Reply> release_relay(Call& call);
awaitable<Reply> resume_relay(Call& call);
awaitable<Reply> list_relay_refusals(Call& call);

awaitable<Reply> list_keys(Call& call);
awaitable<Reply> create_key(Call& call);
awaitable<Reply> revoke_key(Call& call);
awaitable<Reply> rotate_key(Call& call);

awaitable<Reply> get_storage(Call& call);
awaitable<Reply> start_backup(Call& call);
awaitable<Reply> start_check(Call& call);
awaitable<Reply> start_rebuild(Call& call);

awaitable<Reply> health(Call& call);
awaitable<Reply> ready(Call& call);
awaitable<Reply> metrics(Call& call);
awaitable<Reply> openapi(Call& call);
awaitable<Reply> record_schema(Call& call);

}  // namespace spillway::api
