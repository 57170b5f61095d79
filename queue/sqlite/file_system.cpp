#include "queue/sqlite/file_system.hpp"

#include <sys/vfs.h>

#include <cstdint>
#include <utility>

namespace spillway::queue::sqlite {

std::optional<std::string_view> network_file_system(long type) {
    constexpr std::pair<std::uint32_t, std::string_view> kKnown[] = {
        {0x6969, "NFS"},    {0xff534d42, "CIFS"},  {0xfe534d42, "SMB2"}, {0x517b, "SMB"},
        {0x564c, "NCP"},    {0x5346414f, "AFS"},   {0x00c36400, "Ceph"}, {0x0bd00bd0, "Lustre"},
        {0x01021997, "9P"}, {0x7461636f, "OCFS2"}, {0x01161970, "GFS2"}, {0x47504653, "GPFS"},
    };
    for (const auto& [number, name] : kKnown) {
        if (number == static_cast<std::uint32_t>(type)) return name;
    }
    return std::nullopt;
}

long file_system_of(const std::string& folder) {
    struct statfs found{};
    if (::statfs(folder.empty() ? "." : folder.c_str(), &found) != 0) return 0;
    return static_cast<long>(found.f_type);
}

}  // namespace spillway::queue::sqlite
