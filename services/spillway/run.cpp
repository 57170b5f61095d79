#include "services/spillway/run.hpp"

#include <CLI/CLI.hpp>
#include <ostream>

#include "services/spillway/commands.hpp"

namespace spillway::cli {
namespace {

/// A command's work once all arguments are read.
using Action = std::function<int(Session&)>;

/// The tree of commands; each leaf sets `action` when it was chosen.
class Commands {
 public:
    Commands() : app_("Carries accounting records into Xero and QuickBooks Online", "spillway") {
        app_.require_subcommand(1);
        app_.set_version_flag("--version", SPILLWAY_VERSION);
        app_.add_option("--url", globals_.url, "the service (else SPILLWAY_URL, else http://127.0.0.1:8787)");
        app_.add_option("--key", globals_.key, "API key (else SPILLWAY_KEY)");
        app_.add_option("--key-file", globals_.key_file, "file that holds it (else SPILLWAY_KEY_FILE)");
        app_.add_flag("--json", globals_.json, "print JSON");
        app_.fallthrough();
        add_status();
        add_connections();
        add_import();
        add_sync();
        add_jobs();
        add_replay();
        add_holds();
        add_relay();
        add_webhooks();
        add_keys();
        add_partners();
        add_storage();
        add_drill();
    }

    CLI::App& app() { return app_; }
    [[nodiscard]] const Action& action() const { return action_; }
    [[nodiscard]] const Globals& globals() const { return globals_; }

 private:
    CLI::App* leaf(CLI::App* parent, const char* name, const char* what, Action action) {
        CLI::App* command = parent->add_subcommand(name, what);
        command->fallthrough();
        command->callback([this, action = std::move(action)] { action_ = action; });
        return command;
    }
    CLI::App* branch(const char* name, const char* what) {
        CLI::App* command = app_.add_subcommand(name, what);
        command->fallthrough();
        command->require_subcommand(1);
        return command;
    }

    void add_status() { leaf(&app_, "status", "is the service ready; every connection and what it does", show_status); }

    void add_connections() {
        CLI::App* group = branch("connections", "links to organisations");
        CLI::App* list = leaf(group, "list", "all that the key sees", [this](Session& session) {
            return list_connections(session, jobs_.partner, connect_.provider);
        });
        list->add_option("--partner", jobs_.partner, "only of this partner");
        list->add_option("--provider", connect_.provider, "only xero or qbo");
        CLI::App* made = leaf(group, "connect", "ask for consent to an organisation",
                              [this](Session& session) { return connect(session, connect_); });
        made->add_option("--provider", connect_.provider, "xero or qbo")
            ->required()
            ->check(CLI::IsMember({"xero", "qbo"}));
        made->add_option("--partner", connect_.partner, "whose connection it will be")->required();
        made->add_flag("--auto-consent", connect_.auto_consent, "say yes on the sandbox's page (this machine only)");
        made->add_option("--organisation", connect_.organisation,
                         "which one of the page's, by id or name; else the preselected");
        for (const char* verb : {"pause", "resume", "disconnect"}) {
            CLI::App* command = leaf(group, verb, "change what the connection does", [this, verb](Session& session) {
                return change_connection(session, id_, verb, reason_);
            });
            command->add_option("id", id_, "connection")->required();
            if (std::string_view(verb) == "pause")
                command->add_option("--reason", reason_, "why, for those who wonder");
        }
        CLI::App* mapping = group->add_subcommand("mapping", "accounts and tax codes of a connection");
        mapping->fallthrough();
        mapping->require_subcommand(1);
        leaf(mapping, "show", "the mapping as member=value",
             [this](Session& session) { return show_mapping(session, id_); })
            ->add_option("id", id_, "connection")
            ->required();
        CLI::App* set = leaf(mapping, "set", "change members",
                             [this](Session& session) { return set_mapping(session, id_, pairs_); });
        set->add_option("id", id_, "connection")->required();
        set->add_option("pairs", pairs_, "sales_account=200, tax_codes.standard=OUTPUT2; empty takes away")->required();
    }

    void add_import() {
        CLI::App* command = leaf(&app_, "import", "a CSV into contacts, items, invoices and credit notes",
                                 [this](Session& session) { return import_file(session, import_); });
        command->add_option("--format", import_.format, "retail-csv, or a mapping file")->required();
        command->add_option("file", import_.file, "the CSV; - for the standard input")->required();
        command->add_option("--connection", import_.connections, "where to; may be given several times");
        command->add_flag("--dry-run", import_.dry_run, "only report what would be imported");
    }

    void add_sync() {
        CLI::App* command = leaf(&app_, "sync", "send all that was accepted",
                                 [this](Session& session) { return sync(session, connections_, wait_); });
        command->add_option("--connection", connections_, "may be given several times")->required();
        command->add_flag("--wait", wait_, "show progress until all is done");
    }

    void add_filter(CLI::App* command) {
        command->add_option("--connection", jobs_.connection, "of this connection");
        command->add_option("--partner", jobs_.partner, "of this partner");
        command->add_option("--kind", jobs_.kind, "of this kind, as push.invoice");
        command->add_option("--cause", jobs_.cause, "with this cause");
        command->add_option("--job-key", jobs_.key, "with this key");
    }

    void add_jobs() {
        CLI::App* group = branch("jobs", "units of work and why they are where they are");
        CLI::App* list =
            leaf(group, "list", "newest change first", [this](Session& session) { return list_jobs(session, jobs_); });
        add_filter(list);
        list->add_option("--state", jobs_.state, "one state or several with commas: parked,blocked");
        list->add_option("--limit", jobs_.limit, "at most so many")->check(CLI::Range(1, 100'000));
        leaf(group, "get", "one job", [this](Session& session) { return show_job(session, job_); })
            ->add_option("id", job_, "job")
            ->required();
        leaf(group, "blocked", "the keys that jobs of a connection wait for",
             [this](Session& session) { return list_blocked(session, jobs_.connection); })
            ->add_option("--connection", jobs_.connection, "of this connection")
            ->required();
        leaf(group, "cancel", "end one that nothing was sent of yet",
             [this](Session& session) { return cancel_job(session, job_); })
            ->add_option("id", job_, "job")
            ->required();
        CLI::App* resolve = leaf(group, "resolve", "end a parked one that was solved in the books",
                                 [this](Session& session) { return resolve_job(session, job_, reason_, id_); });
        resolve->add_option("id", job_, "job")->required();
        resolve->add_option("--note", reason_, "what was done, for those who wonder")->required();
        resolve->add_option("--provider-id", id_, "the provider's id of the object that the record is; it is linked");
        leaf(group, "why", "why one is not running", [this](Session& session) { return explain_job(session, job_); })
            ->add_option("id", job_, "job")
            ->required();
    }

    void add_replay() {
        CLI::App* command = leaf(&app_, "replay", "run parked jobs again", [this](Session& session) {
            replay_.filter = jobs_;
            return replay(session, replay_);
        });
        command->add_option("ids", replay_.ids, "jobs");
        add_filter(command);
        command->add_flag("--all", replay_.all, "every parked job that the key sees");
        command->add_flag("--dry-run", replay_.dry_run, "only say what would happen");
        command->add_option("--cancel", replay_.cancel, "stop a replay that is under way");
    }

    void add_holds() {
        CLI::App* group = branch("hold", "what keeps jobs from starting; what runs is finished");
        leaf(group, "list", "all in force, pauses of connections included", list_holds);
        CLI::App* set = leaf(group, "set", "of a kind, of a kind on a connection, of a connection (its pause), or all",
                             [this](Session& session) { return set_hold(session, hold_); });
        set->add_option("--reason", hold_.reason, "why, for those who wonder")->required();
        set->add_option("--until", hold_.until, "when it ends by itself, as 2027-01-31T00:00:00Z");
        CLI::App* lift = leaf(group, "lift", "end one", [this](Session& session) { return lift_hold(session, hold_); });
        for (CLI::App* command : {set, lift}) {
            command->add_option("--connection", hold_.connection, "on this connection");
            command->add_option("--kind", hold_.kind, "of this kind, as push.invoice");
            command->add_flag("--all", hold_.all, "of every kind, on every connection");
        }
    }

    void add_relay() {
        CLI::App* group = branch("relay", "the reader of the payment database's outbox");
        leaf(group, "status", "where it stands, who holds it up; exit code 1 while an alarm is open", show_relay);
        leaf(group, "release", "leave the payment database at once, and stay away until resumed", release_relay);
        CLI::App* resume = leaf(group, "resume", "go on after a release or an alarm",
                                [this](Session& session) { return resume_relay(session, reread_); });
        resume->add_flag("--reread", reread_, "read all that the outbox holds once more; known events change nothing");
        leaf(group, "refused", "rows that could not become records, newest first", list_refused);
    }

    void add_webhooks() {
        CLI::App* group = branch("webhooks", "events sent to receivers, signed");
        leaf(group, "list", "all that the key sees", list_webhooks);
        CLI::App* made = leaf(group, "add", "have events sent to a URL; the signing secret is shown once",
                              [this](Session& session) { return add_webhook(session, webhook_); });
        made->add_option("url", webhook_.url, "https://host/path")->required();
        made->add_option("--type", webhook_.types, "sync.done, record.* or *; may be given several times");
        made->add_option("--connection", webhook_.connection, "only of this connection");
        made->add_option("--partner", webhook_.partner, "only of this partner");
        const auto of_one = [this, group](const char* name, const char* what, Action action) {
            CLI::App* command = leaf(group, name, what, std::move(action));
            command->add_option("id", id_, "webhook")->required();
            return command;
        };
        of_one("remove", "delete one", [this](Session& session) { return remove_webhook(session, id_); });
        of_one("enable", "serve a disabled one again, from where it stood",
               [this](Session& session) { return enable_webhook(session, id_); });
        of_one("rotate", "make a new signing secret; for 24 hours both sign",
               [this](Session& session) { return rotate_webhook(session, id_); });
        of_one("ping", "send a test message, and wait for what becomes of it",
               [this](Session& session) { return ping_webhook(session, id_); });
        of_one("deliveries", "what became of its messages, newest first", [this](Session& session) {
            return list_deliveries(session, id_, webhook_);
        })->add_option("--state", webhook_.state, "pending, delivered or failed");
        CLI::App* again = of_one("replay", "send again what failed",
                                 [this](Session& session) { return replay_deliveries(session, id_, webhook_); });
        CLI::Option_group* which = again->add_option_group("which");
        which->require_option(1);
        which->add_option("--delivery", webhook_.delivery, "this one, whatever became of it");
        which->add_option("--since", webhook_.since, "all made since then, as 2027-01-31T00:00:00Z");
        again->add_flag("--delivered", webhook_.delivered, "with --since: those that arrived too");
    }

    void add_keys() {
        CLI::App* group = branch("keys", "API keys");
        CLI::App* made = leaf(group, "create", "make one; its secret is shown once",
                              [this](Session& session) { return create_key(session, key_); });
        made->add_option("--name", key_.name, "for people")->required();
        made->add_option("--scope", key_.scope, "admin, platform, partner or read_only")->required();
        made->add_option("--partner", key_.partner, "the only partner that it sees");
        made->add_option("--expires", key_.expires_at, "when it ends, as 2027-01-31T00:00:00Z");
        leaf(group, "list", "all, without their secrets", list_keys);
        leaf(group, "revoke", "end one now", [this](Session& session) { return revoke_key(session, id_); })
            ->add_option("id", id_, "key")
            ->required();
    }

    void add_partners() {
        CLI::App* group = branch("partners", "customers of the platform");
        leaf(group, "create", "make one; prints its id",
             [this](Session& session) { return create_partner(session, name_); })
            ->add_option("--name", name_, "for people")
            ->required();
        leaf(group, "list", "all that the key sees", list_partners);
    }

    void add_storage() {
        leaf(&app_, "storage", "the service's database: log, disk, last check and backup", show_storage);
        leaf(&app_, "backup", "a verified copy of the database into the service's backup_dir",
             [this](Session& session) { return back_up(session, name_); })
            ->add_option("name", name_, "plain file name; it may not be there yet")
            ->required();
        leaf(&app_, "check", "look for damage in the database", [this](Session& session) {
            return check_storage(session, full_);
        })->add_flag("--full", full_, "indexes against rows too");
        CLI::App* repair = leaf(
            &app_, "repair", "a damaged database: of a stopped service on this machine, or indexes of a running one",
            [this](Session& session) {
                return indexes_ ? rebuild_indexes(session) : repair_store(session, state_dir_, accept_loss_);
            });
        CLI::Option_group* what = repair->add_option_group("what");
        what->require_option(1);
        what->add_option("--state", state_dir_, "the stopped service's state_dir");
        what->add_flag("--indexes", indexes_, "make the running service's indexes anew; intake stays open");
        repair->add_flag("--accept-loss", accept_loss_, "go on although rows are lost");
    }

    void add_drill() {
        CLI::App* tie = leaf(&app_, "tie-out", "compare a CSV with the sandbox's books, document by document",
                             [this](Session& session) { return tie_out(session, tie_out_); });
        tie->add_option("--source", tie_out_.source, "the CSV that was imported")->required();
        tie->add_option("--format", tie_out_.format, "retail-csv, or a mapping file")->required();
        tie->add_option("--sandbox", tie_out_.sandbox, "the sandbox's address")->required();
        tie->add_option("--report", tie_out_.report, "file for the report as JSON");
        tie->add_option("--seconds", tie_out_.seconds, "how long it took, for the report");
        CLI::App* month = leaf(&app_, "generate-month", "a dirty month end as retail-csv, to the standard output",
                               [this](Session& session) { return generate_month(session, documents_, seed_); });
        month->add_option("--documents", documents_, "invoices and credit notes")->check(CLI::Range(1, 1'000'000));
        month->add_option("--seed", seed_, "same seed, same bytes");
    }

    CLI::App app_;
    Action action_;
    Globals globals_;
    ConnectOptions connect_;
    ImportOptions import_;
    JobFilter jobs_;
    ReplayOptions replay_;
    HoldOptions hold_;
    WebhookOptions webhook_;
    KeyOptions key_;
    TieOutOptions tie_out_;
    std::string id_, reason_, name_, state_dir_;
    std::vector<std::string> pairs_, connections_;
    std::int64_t job_ = 0;
    std::size_t documents_ = 200;
    std::uint64_t seed_ = 1;
    bool wait_ = false;
    bool reread_ = false;
    bool full_ = false, accept_loss_ = false, indexes_ = false;
};

int run_checked(std::vector<std::string> arguments, Terminal& terminal) {
    Commands commands;
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    try {
        commands.app().parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return commands.app().exit(error, terminal.out, terminal.err), kOk;
        std::string line = error.what();
        std::ranges::replace(line, '\n', ' ');
        terminal.err << "spillway: " << line << " (--help says more)\n";
        return kBadUsage;
    }
    Session session(terminal, commands.globals());
    return commands.action()(session);
}

}  // namespace

int run(std::vector<std::string> arguments, Terminal& terminal) {
    try {
        return run_checked(std::move(arguments), terminal);
    } catch (const std::exception& error) {
        terminal.err << "spillway: " << error.what() << "\n";
        return kFailed;
    }
}

}  // namespace spillway::cli
