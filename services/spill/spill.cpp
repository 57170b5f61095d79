#include "services/spill/spill.hpp"

#include "schema/runtime/log.hpp"
#include "schema/runtime/run_on.hpp"

namespace spillway::spill {

namespace asio = boost::asio;

namespace {

/// Nothing was committed for so long though something waits: the disk, or another program's lock.
constexpr Millis kStandsStill{3'000};
/// How long a submission waits for the last of the file.
constexpr Millis kPatience{1'000};
constexpr Millis kLook{10};
constexpr Millis kMergeAgain{1'000};
constexpr std::size_t kGroupEntries = 256;
constexpr std::size_t kGroupBytes = 8u << 20;
constexpr std::size_t kAppendsTogether = 1'024;

Error no_room() {
    Error error{ErrorKind::unavailable, "storage_full", "too little disk space is left to take in more"};
    error.retry_after = std::chrono::seconds(30);
    return error;
}

struct Known {
    std::uint64_t mark = 0;
    std::vector<store::PartnerRow> partners;
    std::vector<store::ConnectionGist> connections;
    std::vector<store::ApiKeyRow> keys;
};

Result<Known> read_known(store::Connection& connection) {
    Known known{spill_mark(connection), {}, store::all_connection_gists(connection), {}};
    for (bool more = true; more;) {
        const std::string after = known.partners.empty() ? "" : known.partners.back().id.value;
        auto page = store::list_partners(connection, std::nullopt, after, store::kPageMax);
        more = page.size() == store::kPageMax;
        std::move(page.begin(), page.end(), std::back_inserter(known.partners));
    }
    for (bool more = true; more;) {
        const std::string after = known.keys.empty() ? "" : known.keys.back().id;
        auto page = store::list_api_keys(connection, after, store::kPageMax);
        more = page.size() == store::kPageMax;
        std::move(page.begin(), page.end(), std::back_inserter(known.keys));
    }
    return known;
}

/// On the file thread.
std::vector<Ready> first_of(const queue::SpillFile& file, std::size_t most) {
    std::vector<Ready> group;
    std::size_t bytes = 0;
    for (const queue::SpillEntry& entry : file.entries()) {
        if (group.size() == most || bytes > kGroupBytes) break;
        group.push_back(make_ready(entry));
        bytes += entry.payload.size();
    }
    return group;
}

/// On the file thread.
std::optional<Entry> entry_at(const queue::SpillFile& file, std::uint64_t sequence) {
    const auto& entries = file.entries();
    if (entries.empty() || sequence < entries.front().sequence) return std::nullopt;
    const std::uint64_t index = sequence - entries.front().sequence;
    if (index >= entries.size()) return std::nullopt;
    auto entry = read_entry(entries[index].payload);
    return entry.ok() ? std::optional(*std::move(entry)) : std::nullopt;
}

}  // namespace

Spill::Spill(Parts parts) : parts_(std::move(parts)), wake_(parts_.loop), tasks_(parts_.loop, "spill") {
    status_.bytes_max = parts_.file.bytes_max;
}

asio::awaitable<Result<std::unique_ptr<Spill>>> Spill::open(Parts parts) {
    std::unique_ptr<Spill> spill(new Spill(std::move(parts)));
    auto opened = co_await spill->open_file();
    if (!opened.ok()) co_return std::move(opened).error();
    if (spill->entries_ > 0) log_warn("spill_found", {{"entries", spill->entries_}});
    co_return spill;
}

/// Also after the file has failed: what it holds is only known when it is opened again.
asio::awaitable<Result<void>> Spill::open_file() {
    std::function<Result<Known>(store::Connection&)> look = read_known;
    auto known = co_await parts_.store.read<Known>(std::move(look));
    if (!known.ok()) co_return std::move(known).error();
    using Opened = Result<std::unique_ptr<queue::SpillFile>>;
    file_.reset();
    auto open = [settings = parts_.file, mark = known->mark] {
        return std::make_shared<Opened>(queue::SpillFile::open(settings, mark));
    };
    auto opened = co_await run_on(parts_.file_thread, std::move(open));
    if (!opened->ok()) co_return std::move(*opened).error();
    file_ = std::move(*opened).value();
    file_failed_ = false;
    directory_.load(known->partners, std::move(known->connections));
    keys_ = std::move(known->keys);
    entries_ = 0;
    records_.clear();
    by_key_.clear();
    // Nothing is appended yet, so the loop may read the file's entries.
    for (const queue::SpillEntry& spilled : file_->entries()) {
        const auto entry = read_entry(spilled.payload);
        ++entries_;
        if (entry.ok()) note(*entry, spilled.sequence);
    }
    status_.bytes = file_->bytes();
    wake_.notify();
    co_return success();
}

bool Spill::out_of_reach() const { return parts_.store.held() || !readable(); }
bool Spill::readable() const { return parts_.store.held() || parts_.store.stands_still() < kStandsStill; }

asio::awaitable<bool> Spill::diverts() {
    const SteadyTime until = parts_.clock.steady_now() + kPatience;
    for (;;) {
        if (out_of_reach()) co_return true;
        if (empty()) co_return false;
        if (parts_.clock.steady_now() >= until) co_return true;
        const bool slept = co_await parts_.clock.sleep_for(kLook);
        if (!slept) co_return true;
    }
}

asio::awaitable<bool> Spill::drained(Millis patience) {
    const SteadyTime until = parts_.clock.steady_now() + patience;
    while (!empty()) {
        if (parts_.clock.steady_now() >= until) co_return false;
        const bool slept = co_await parts_.clock.sleep_for(kLook);
        if (!slept) co_return false;
    }
    co_return true;
}

asio::awaitable<Result<void>> Spill::take(std::vector<Entry> entries) {
    if (parts_.store.room() != queue::sqlite::Room::ample) co_return no_room();
    auto mine = std::make_shared<Append>();
    mine->entries = std::move(entries);
    mine->done = std::make_unique<Signal>(parts_.loop);
    pending_.push_back(mine);
    if (!appending_) {
        appending_ = true;
        tasks_.spawn(append_all(), "append");
    }
    if (!mine->ended) co_await mine->done->wait();
    co_return mine->result;
}

asio::awaitable<void> Spill::append_all() {
    while (!pending_.empty()) {
        std::vector<std::shared_ptr<Append>> together;
        while (!pending_.empty() && together.size() < kAppendsTogether) {
            together.push_back(std::move(pending_.front()));
            pending_.pop_front();
        }
        co_await append(std::move(together));
    }
    appending_ = false;
}

/// One frame and one sync for all; when that is refused, each for itself.
asio::awaitable<void> Spill::append(std::vector<std::shared_ptr<Append>> together) {
    if (file_failed_) {
        const auto opened = co_await open_file();
        if (!opened.ok()) log_error("spill_failed", {{"detail", opened.error().detail}});
        file_failed_ = !opened.ok();
    }
    using Sequences = std::vector<Result<std::uint64_t>>;
    std::vector<std::vector<std::string>> payloads;
    for (const auto& each : together) {
        auto& texts = payloads.emplace_back();
        for (const Entry& entry : each->entries) texts.push_back(write_entry(entry));
    }
    auto work = [file = file_, payloads = std::move(payloads)] {
        std::vector<std::string> all;
        for (const auto& texts : payloads) all.insert(all.end(), texts.begin(), texts.end());
        auto first = std::make_shared<Sequences>();
        auto appended = file->append(all);
        for (const auto& texts : payloads) {
            first->push_back(payloads.size() > 1 && !appended.ok() ? file->append(texts) : appended);
            if (appended.ok()) *appended += texts.size();
        }
        return std::pair(first, file->bytes());
    };
    const Error failed{ErrorKind::unavailable, "spill_failed", "the spill file cannot be written"};
    auto first = std::make_shared<Sequences>(together.size(), failed);
    if (!file_failed_) {
        auto appended = co_await run_on(parts_.file_thread, std::move(work));
        first = std::move(appended.first);
        status_.bytes = appended.second;
    }
    for (std::size_t at = 0; at < together.size(); ++at) {
        Append& each = *together[at];
        const auto& sequence = (*first)[at];
        each.result = sequence.ok() ? success() : Result<void>(sequence.error());
        if (!sequence.ok() && sequence.error().code == "spill_failed") file_failed_ = true;
        for (std::size_t i = 0; sequence.ok() && i < each.entries.size(); ++i) {
            if (entries_++ == 0) log_warn("spill_began", {{"detail", "the store is out of reach"}});
            ++status_.taken;
            note(each.entries[i], *sequence + i);
        }
        each.ended = true;
        each.done->notify();
    }
    wake_.notify();
}

void Spill::note(const Entry& entry, std::uint64_t sequence) {
    Waiting& waiting = records_[record_name(entry.intake.connection, entry.kind, entry.external_id)];
    ++waiting.entries;
    waiting.newest = sequence;
    if (!entry.record.empty()) waiting.newest_put = sequence;
    if (entry.keyed)
        by_key_[key_name(entry.intake.principal, entry.keyed->route, entry.keyed->key)] = {entry.keyed->body_hash,
                                                                                           sequence};
}

void Spill::forget(const Ready& ready) {
    --entries_;
    if (!ready.entry) return;
    const Entry& entry = *ready.entry;
    const auto record = records_.find(record_name(entry.intake.connection, entry.kind, entry.external_id));
    if (record != records_.end() && --record->second.entries == 0) records_.erase(record);
    if (!entry.keyed) return;
    const auto key = by_key_.find(key_name(entry.intake.principal, entry.keyed->route, entry.keyed->key));
    if (key != by_key_.end() && key->second.sequence == ready.sequence) by_key_.erase(key);
}

asio::awaitable<void> Spill::run() {
    std::size_t most = kGroupEntries;
    for (;;) {
        const bool stopping = co_await stop_requested();
        if (stopping) co_return;
        if (entries_ == 0 || !file_) {
            co_await wake_.wait();
            continue;
        }
        const auto merged = co_await merge_next(most);
        if (!merged.ok()) {
            if (status_.failure.empty())
                log_error("spill_not_merged", {{"code", merged.error().code}, {"detail", merged.error().detail}});
            status_.failure = merged.error().code;
            // An entry that can never be taken in is looked for: in ever smaller company.
            const bool in_company = merged.error().kind != ErrorKind::unavailable && std::exchange(most, 1) > 1;
            if (in_company) continue;
            const bool slept = co_await parts_.clock.sleep_for(kMergeAgain);
            if (!slept) co_return;
            continue;
        }
        status_.failure.clear();
        most = std::min(2 * most, kGroupEntries);
        if (entries_ == 0)
            log_info("spill_merged", {{"accepted", status_.merged.accepted},
                                      {"unchanged", status_.merged.unchanged},
                                      {"superseded", status_.merged.superseded},
                                      {"refused", status_.merged.refused}});
    }
}

/// The first entries of the file into the store, in one transaction with the mark; then out of the file.
asio::awaitable<Result<void>> Spill::merge_next(std::size_t most) {
    const auto file = file_;
    auto read = [file, most] { return std::make_shared<std::vector<Ready>>(first_of(*file, most)); };
    auto group = co_await run_on(parts_.file_thread, std::move(read));
    if (group->empty()) co_return success();
    const WallTime now = parts_.clock.wall_now();
    // Intake, like what was handed to the store before: so it goes behind that.
    std::function<Result<Merged>(queue::Transaction&)> work = [group, now](queue::Transaction& transaction) {
        return merge(transaction, *group, now);
    };
    auto merged = co_await parts_.store.commit_value<Merged>(queue::CommandClass::intake, std::move(work));
    const bool hopeless = !merged.ok() && merged.error().kind != ErrorKind::unavailable;
    if (hopeless && group->size() == 1 && !group->front().refused) {
        // Neither taken in nor lost: it is kept with its reason, and those behind it go on.
        group->front().refused = merged.error();
        work = [group, now](queue::Transaction& transaction) { return merge(transaction, *group, now); };
        merged = co_await parts_.store.commit_value<Merged>(queue::CommandClass::intake, std::move(work));
    }
    if (!merged.ok()) co_return std::move(merged).error();
    status_.merged += *merged;
    auto drop = [file, last = group->back().sequence] {
        file->forget(last);
        return file->bytes();
    };
    const std::int64_t bytes = co_await run_on(parts_.file_thread, std::move(drop));
    if (file != file_) co_return success();  // it failed meanwhile and was read anew: the mark passes these over
    status_.bytes = bytes;
    for (const Ready& ready : *group) forget(ready);
    co_return success();
}

asio::awaitable<void> Spill::stop() { co_await tasks_.join(); }

asio::awaitable<std::optional<Entry>> Spill::newest(ConnectionId connection, RecordKind kind, ExternalId id) {
    const auto found = records_.find(record_name(connection, kind, id));
    if (found == records_.end() || !file_) co_return std::nullopt;
    auto look = [file = file_, waiting = found->second] {
        auto entry = entry_at(*file, waiting.newest);
        if (entry && entry->record.empty())
            if (auto put = entry_at(*file, waiting.newest_put)) entry->record = std::move(put->record);
        return entry;
    };
    auto entry = co_await run_on(parts_.file_thread, std::move(look));
    co_return entry;
}

std::optional<std::string> Spill::keyed(const std::string& key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    return found->second.body_hash;
}

Status Spill::status() const {
    Status status = status_;
    status.entries = entries_;
    status.out_of_reach = out_of_reach();
    return status;
}

}  // namespace spillway::spill
