#pragma once
// Which file systems a database may not lie on: their locks and their shared memory are not those of one machine.

#include <optional>
#include <string>
#include <string_view>

namespace spillway::queue::sqlite {

/// The name of a network file system by its number in statfs(2); nothing for any other.
std::optional<std::string_view> network_file_system(long type);
/// The number of the file system that a folder lies on; 0 when it cannot be told.
long file_system_of(const std::string& folder);

}  // namespace spillway::queue::sqlite
