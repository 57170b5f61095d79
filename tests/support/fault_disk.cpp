// What the disk of a FaultVfs does with writes, and what a power cut leaves of them.

#include <algorithm>

#include "tests/support/fault_vfs.hpp"

namespace spillway::test {

namespace {

constexpr std::size_t kSector = 512;

void put(std::string& content, std::size_t offset, const std::string& bytes, std::size_t from, std::size_t size) {
    if (content.size() < offset + size) content.resize(offset + size, '\0');
    content.replace(offset, size, bytes, from, size);
}

/// Some sectors reach the disk and some do not, in no order.
void put_some(std::string& content, const FaultDisk::Pending& write, Random& random) {
    for (std::size_t from = 0; from < write.bytes.size(); from += kSector) {
        if (random.below(2) == 0) continue;
        const std::size_t size = std::min(kSector, write.bytes.size() - from);
        put(content, static_cast<std::size_t>(write.offset) + from, write.bytes, from, size);
    }
}

std::string surviving(const FaultDisk::File& file, Fate fate, Random& random) {
    std::string content = file.durable;
    for (const FaultDisk::Pending& pending : file.pending) {
        if (fate == Fate::dropped) continue;
        if (pending.truncates) {
            if (fate == Fate::kept || random.below(2) == 0)
                content.resize(static_cast<std::size_t>(pending.offset), '\0');
        } else if (fate == Fate::kept) {
            put(content, static_cast<std::size_t>(pending.offset), pending.bytes, 0, pending.bytes.size());
        } else {
            put_some(content, pending, random);
        }
    }
    return content;
}

}  // namespace

std::shared_ptr<FaultDisk::File> FaultDisk::open(const std::string& name, bool create) {
    if (name.empty()) return std::make_shared<File>();  // a temporary file of SQLite's own
    const auto found = files.find(name);
    if (found != files.end()) return found->second;
    if (!create) return nullptr;
    return files[name] = std::make_shared<File>();
}

void FaultDisk::remove(const std::string& name) { files.erase(name); }
bool FaultDisk::exists(const std::string& name) const { return files.contains(name); }

FaultDisk::Verdict FaultDisk::step(Step kind) {
    if (cut_) return Verdict::cut;
    ++steps;
    if (steps == cut_at) {
        cut_ = true;
        return Verdict::cut;
    }
    if (steps == fail_at) return Verdict::io_error;
    const bool no_space = full || (full_from != 0 && steps >= full_from);
    if (no_space && kind == Step::write) return Verdict::full;
    return Verdict::ok;
}

void FaultVfs::power_on(Random& random) { power_on(std::nullopt, random); }
void FaultVfs::power_on(Fate fate, Random& random) { power_on(std::optional(fate), random); }

void FaultVfs::power_on(std::optional<Fate> fate, Random& random) {
    const std::lock_guard lock(disk_.mutex);
    for (auto& [name, file] : disk_.files) {
        auto fresh = std::make_shared<FaultDisk::File>();  // handles that were left open keep the old one
        const Fate its = fate ? *fate : static_cast<Fate>(random.below(3));
        fresh->current = fresh->durable = surviving(*file, its, random);
        file = std::move(fresh);
    }
    disk_.cut_ = false;
    disk_.cut_at = disk_.fail_at = 0;
}

void FaultVfs::power_on_unharmed() {
    const std::lock_guard lock(disk_.mutex);
    for (auto& [name, file] : disk_.files) {
        auto fresh = std::make_shared<FaultDisk::File>();
        fresh->current = std::move(file->current);
        fresh->durable = fresh->current;
        file = std::move(fresh);
    }
    disk_.cut_ = false;
    disk_.cut_at = disk_.fail_at = 0;
}

FaultVfs::Image FaultVfs::save() {
    const std::lock_guard lock(disk_.mutex);
    Image image;
    for (const auto& [name, file] : disk_.files) image[name] = file->current;
    return image;
}

void FaultVfs::load(const Image& image) {
    const std::lock_guard lock(disk_.mutex);
    disk_.files.clear();
    for (const auto& [name, content] : image) {
        auto file = std::make_shared<FaultDisk::File>();
        file->current = file->durable = content;
        disk_.files[name] = std::move(file);
    }
}

std::size_t FaultVfs::writers(const std::string& file) const {
    const auto found = disk_.files.find(file);
    return found == disk_.files.end() ? 0 : found->second->writers.size();
}

void FaultVfs::corrupt(const std::string& file, std::int64_t offset, const std::string& bytes) {
    const std::lock_guard lock(disk_.mutex);
    FaultDisk::File& found = *disk_.files.at(file);
    put(found.current, static_cast<std::size_t>(offset), bytes, 0, bytes.size());
    put(found.durable, static_cast<std::size_t>(offset), bytes, 0, bytes.size());
}

}  // namespace spillway::test
