#pragma once
// Intake while the store is out of reach (its writer rebuilds an index, or stands still): submissions become durable in
// the spill file, and are merged into the store in order afterwards. Order holds as a whole: as long as one entry is
// left, what comes later goes behind it, or waits for the last of them. Loop thread only.

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <unordered_map>

#include "queue/spill_file.hpp"
#include "queue/sqlite/sqlite_store.hpp"
#include "schema/clock.hpp"
#include "schema/runtime/signal.hpp"
#include "schema/runtime/task_group.hpp"
#include "services/spill/directory.hpp"
#include "services/spill/merge.hpp"
#include "services/store/api_keys.hpp"

namespace spillway::spill {

struct Status {
    bool out_of_reach = false;              ///< the store cannot be asked to write now
    std::int64_t entries = 0;               ///< not merged yet
    std::int64_t bytes = 0, bytes_max = 0;  ///< of the file
    std::int64_t taken = 0;                 ///< since the start, as is what follows
    Merged merged{};
    std::string failure{};  ///< why merging does not go on; empty: it does
};

class Spill {
 public:
    struct Parts {
        boost::asio::any_io_executor loop;
        boost::asio::any_io_executor file_thread;  ///< runs one thing at a time
        queue::sqlite::SqliteStore& store;
        Clock& clock;
        queue::SpillSettings file;
    };
    /// Opens the file behind the store's mark, and loads the directory. Errors: the file's, the store's.
    static boost::asio::awaitable<Result<std::unique_ptr<Spill>>> open(Parts parts);

    /// Merges what there is until cancelled. Spawn once; join before `stop`.
    boost::asio::awaitable<void> run();
    /// Lets appends under way end.
    boost::asio::awaitable<void> stop();

    /// Whether a submission goes to the file now. While the last of the file is merged it waits a little, so that the
    /// file comes to its end. Whoever is told `false` hands its work to the store before anything else happens.
    boost::asio::awaitable<bool> diverts();
    /// Whether all that was acknowledged is in the store.
    [[nodiscard]] bool empty() const { return entries_ == 0 && pending_.empty() && !appending_; }
    /// Whether the store's writer is held or stands still.
    [[nodiscard]] bool out_of_reach() const;
    /// Whether reads of the store are answered soon: while an index is rebuilt they are, when the disk is stuck not.
    [[nodiscard]] bool readable() const;
    /// All of them or none, durable when this returns; appends that come together share a sync. Errors:
    /// unavailable/`storage_full`, unavailable/`spill_full`, unavailable/`spill_failed`.
    boost::asio::awaitable<Result<void>> take(std::vector<Entry> entries);
    /// Until all that was taken so far is in the store. @return false when that took longer than `patience`.
    boost::asio::awaitable<bool> drained(Millis patience);

    /// The newest entry of a record that is not merged yet; a void with the record that it voids, if that is here too.
    boost::asio::awaitable<std::optional<Entry>> newest(ConnectionId connection, RecordKind kind, ExternalId id);
    /// The hash of the body that came with that Idempotency-Key (key_name), when its entry is not merged yet.
    [[nodiscard]] std::optional<std::string> keyed(const std::string& key) const;

    [[nodiscard]] Directory& directory() { return directory_; }
    /// API keys as they were at the start.
    [[nodiscard]] const std::vector<store::ApiKeyRow>& keys() const { return keys_; }
    [[nodiscard]] Status status() const;

 private:
    struct Append {
        std::vector<Entry> entries;
        Result<void> result{};
        bool ended = false;
        std::unique_ptr<Signal> done;
    };
    struct Waiting {
        std::uint64_t newest = 0, newest_put = 0;
        std::int64_t entries = 0;
    };
    struct Key {
        std::string body_hash;
        std::uint64_t sequence = 0;
    };

    explicit Spill(Parts parts);
    boost::asio::awaitable<Result<void>> open_file();
    boost::asio::awaitable<void> append_all();
    boost::asio::awaitable<void> append(std::vector<std::shared_ptr<Append>> together);
    boost::asio::awaitable<Result<void>> merge_next(std::size_t most);
    void note(const Entry& entry, std::uint64_t sequence);
    void forget(const Ready& ready);

    Parts parts_;
    Directory directory_;
    std::vector<store::ApiKeyRow> keys_;
    std::shared_ptr<queue::SpillFile> file_;  // file thread
    bool file_failed_ = false;
    std::deque<std::shared_ptr<Append>> pending_;
    bool appending_ = false;
    std::int64_t entries_ = 0;
    std::unordered_map<std::string, Waiting> records_;
    std::unordered_map<std::string, Key> by_key_;
    Status status_;
    Signal wake_;
    TaskGroup tasks_;
};

}  // namespace spillway::spill
