#include "queue/spill_file.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "schema/sha256.hpp"

namespace spillway::queue {

namespace {

// A frame is one append: head, then per entry its length and its bytes. One digest covers all of it, so that an append
// that was cut short is told from damage: only the last frame can have been cut short.
constexpr std::string_view kMagic = "SPIL";
constexpr std::size_t kDigest = 32;
constexpr std::size_t kHead = 4 + 4 + 8 + kDigest;  // magic, bytes of the entries, first sequence, digest

void put_number(std::string& out, std::uint64_t number, int bytes) {
    for (int byte = 0; byte < bytes; ++byte) out += static_cast<char>((number >> (8 * byte)) & 0xff);
}

std::uint64_t number_at(const std::string& content, std::size_t offset, int bytes) {
    std::uint64_t number = 0;
    for (int byte = bytes - 1; byte >= 0; --byte)
        number = (number << 8) | static_cast<unsigned char>(content[offset + static_cast<std::size_t>(byte)]);
    return number;
}

std::string digest_of(std::uint64_t first, std::string_view entries) {
    std::string covered;
    put_number(covered, first, 8);
    covered += entries;
    return sha256(covered);
}

std::string frame_of(std::uint64_t first, const std::vector<std::string>& payloads) {
    std::string entries;
    for (const std::string& payload : payloads) {
        put_number(entries, payload.size(), 4);
        entries += payload;
    }
    std::string frame(kMagic);
    put_number(frame, entries.size(), 4);
    put_number(frame, first, 8);
    return frame + digest_of(first, entries) + entries;
}

Error not_now(std::string code, std::string detail) {
    Error error{ErrorKind::unavailable, std::move(code), std::move(detail)};
    error.retry_after = std::chrono::seconds(30);
    return error;
}

}  // namespace

Result<std::unique_ptr<SpillFile>> SpillFile::open(SpillSettings settings, std::uint64_t merged) {
    std::unique_ptr<SpillFile> file(new SpillFile(std::move(settings)));
    auto opened = file->open_file();
    if (!opened.ok()) return opened.error();
    auto loaded = file->load(merged);
    if (!loaded.ok()) return loaded.error();
    return file;
}

SpillFile::~SpillFile() {
    if (file_ && file_->pMethods) file_->pMethods->xClose(file_);
}

Error SpillFile::fail() {
    failed_ = true;
    return {ErrorKind::unavailable, "spill_failed", settings_.path + " has failed and must be opened again"};
}

Result<void> SpillFile::open_file() {
    sqlite3_vfs* vfs = sqlite3_vfs_find(settings_.vfs.empty() ? nullptr : settings_.vfs.c_str());
    SPILLWAY_ASSERT(vfs);
    memory_ = std::make_unique<char[]>(static_cast<std::size_t>(vfs->szOsFile));
    file_ = reinterpret_cast<sqlite3_file*>(memory_.get());
    // Opened as a journal: its first sync makes the new name durable too. Of this kind, because the others are asked
    // for the database that they belong to, by what stands before the last dash of the path.
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUPER_JOURNAL;
    if (vfs->xOpen(vfs, settings_.path.c_str(), file_, kFlags, nullptr) != SQLITE_OK) return fail();
    return success();
}

std::optional<SpillFile::Frame> SpillFile::frame_at(const std::string& content, std::size_t offset) {
    if (content.size() < offset + kHead || content.compare(offset, kMagic.size(), kMagic) != 0) return std::nullopt;
    const std::size_t size = number_at(content, offset + 4, 4);
    const std::uint64_t first = number_at(content, offset + 8, 8);
    const std::size_t begin = offset + kHead;
    if (content.size() < begin + size) return std::nullopt;
    const std::string_view entries = std::string_view(content).substr(begin, size);
    if (content.compare(offset + 16, kDigest, digest_of(first, entries)) != 0) return std::nullopt;
    Frame frame;
    frame.next = static_cast<std::int64_t>(begin + size);
    for (std::size_t at = begin; at + 4 <= begin + size;) {
        const std::size_t length = number_at(content, at, 4);
        frame.entries.push_back({first + frame.entries.size(), content.substr(at + 4, length)});
        at += 4 + length;
    }
    return frame;
}

Result<void> SpillFile::load(std::uint64_t merged) {
    sqlite3_int64 size = 0;
    if (file_->pMethods->xFileSize(file_, &size) != SQLITE_OK) return fail();
    std::string content(static_cast<std::size_t>(size), '\0');
    if (size > 0 && file_->pMethods->xRead(file_, content.data(), static_cast<int>(size), 0) != SQLITE_OK)
        return fail();
    last_ = merged;
    std::uint64_t previous = 0;
    while (auto frame = frame_at(content, static_cast<std::size_t>(end_))) {
        const std::uint64_t first = frame->entries.front().sequence;
        if (previous != 0 && first <= previous) break;  // left over from before the file was last emptied
        if (previous != 0 && first != previous + 1) return invalid("spill_damaged", settings_.path + " lacks entries");
        previous = frame->entries.back().sequence;
        for (SpillEntry& entry : frame->entries) {
            if (entry.sequence > merged) entries_.push_back(std::move(entry));
        }
        end_ = frame->next;
    }
    last_ = std::max(last_, previous);
    // Text holds no zero bytes, so no payload of text can look like a frame.
    for (std::size_t at = static_cast<std::size_t>(end_); (at = content.find(kMagic, at)) != std::string::npos; ++at) {
        const auto later = frame_at(content, at);
        if (later && later->entries.front().sequence > last_)
            return invalid("spill_damaged", settings_.path + " has an entry that cannot be read before one that can");
    }
    if (end_ < size && file_->pMethods->xTruncate(file_, end_) != SQLITE_OK) return fail();
    if (end_ < size && file_->pMethods->xSync(file_, SQLITE_SYNC_FULL) != SQLITE_OK) return fail();
    if (entries_.empty() && end_ > 0) forget(last_);
    return success();
}

Result<std::uint64_t> SpillFile::append(const std::vector<std::string>& payloads) {
    if (failed_) return fail();
    SPILLWAY_ASSERT(!payloads.empty());
    const std::uint64_t first = last_ + 1;
    const std::string frame = frame_of(first, payloads);
    const auto size = static_cast<std::int64_t>(frame.size());
    if (end_ + size > settings_.bytes_max)
        return not_now("spill_full", "the store is out of reach and what may wait for it is full");
    const int written = file_->pMethods->xWrite(file_, frame.data(), static_cast<int>(size), end_);
    if (written == SQLITE_FULL) {
        if (file_->pMethods->xTruncate(file_, end_) != SQLITE_OK) return fail();
        return not_now("storage_full", "no space is left on the disk");
    }
    if (written != SQLITE_OK || file_->pMethods->xSync(file_, SQLITE_SYNC_FULL) != SQLITE_OK) return fail();
    for (const std::string& payload : payloads) entries_.push_back({++last_, payload});
    end_ += size;
    return first;
}

void SpillFile::forget(std::uint64_t sequence) {
    while (!entries_.empty() && entries_.front().sequence <= sequence) entries_.pop_front();
    if (!entries_.empty() || failed_) return;
    // Not synced: what comes back after a power cut is at or below the store's mark, or older than what follows it.
    if (file_->pMethods->xTruncate(file_, 0) == SQLITE_OK) end_ = 0;
}

}  // namespace spillway::queue
