#pragma once
// Putting a repaired database in the place of the old one. A database and its log are two files, so no single rename
// can do it: a journal beside them says how far to go, and whoever opens the store next goes on where the last one
// ended.

#include <string>

#include "schema/result.hpp"

namespace spillway::queue::sqlite {

/// Where the repaired file waits for its swap.
std::string repaired_path(const std::string& path);
/// Notes durably that `repaired_path` shall take the place of `path`, whose files are kept under `kept`.
Result<void> begin_swap(const std::string& path, const std::string& kept);
/// Carries a swap out that was begun; nothing when none was. The caller holds the store's lock.
Result<void> finish_swap(const std::string& path);

/// What is written, or named in the folder, survives a power cut from here on.
bool sync_file(const std::string& path);
bool sync_folder_of(const std::string& path);

}  // namespace spillway::queue::sqlite
