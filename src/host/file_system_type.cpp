#include "holdfast/host/file_system_type.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

constexpr std::array<std::string_view, 20> network_types = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "ncpfs", "coda", "gfs2", "ocfs2", "beegfs", "virtiofs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone",
};

FileSystemKind kind_of(const std::string& type) {
    if (std::ranges::find(network_types, type) != network_types.end()) return FileSystemKind::network;
    if (type == "overlay" || type == "aufs") return FileSystemKind::layered;
    if (type == "tmpfs" || type == "ramfs") return FileSystemKind::memory;
    // fuseblk is a local disk that a program serves, such as NTFS.
    if (type == "fuse" || type == "fuseblk" || type.starts_with("fuse.")) return FileSystemKind::user_space;
    return FileSystemKind::disk;
}

// The numbers of statfs(2), for where the table of mounts does not show the mount: in a chroot, or a container.
struct NumberedType {
    std::uint32_t number;
    std::string_view type;
};
constexpr std::array<NumberedType, 16> numbered_types = {{{0xEF53, "ext4"}, {0x58465342, "xfs"}, {0x9123683E, "btrfs"}, {0x2FC12FC1, "zfs"}, {0xF2F52010, "f2fs"}, {0x4D44, "vfat"},
                                                          {0x2011BAB0, "exfat"}, {0x01021994, "tmpfs"}, {0x858458F6, "ramfs"}, {0x794C7630, "overlay"}, {0x65735546, "fuse"}, {0x6969, "nfs"},
                                                          {0xFF534D42, "cifs"}, {0xFE534D42, "smb3"}, {0x01021997, "9p"}, {0x00C36400, "ceph"}}};

Result<FileSystemType> type_by_number(const std::string& path) {
    struct statfs about{};
    if (::statfs(path.c_str(), &about) != 0) return fail(ErrorCode::unavailable, "look for the file system of {}: statfs failed", printable(path));
    const auto number = static_cast<std::uint32_t>(about.f_type);
    const auto known = std::ranges::find(numbered_types, number, &NumberedType::number);
    FileSystemType found{.type = known == numbered_types.end() ? format("{:#x}", number) : std::string(known->type), .mounted_at = "/", .kind = {}, .is_read_only = false};
    found.kind = kind_of(found.type);
    constexpr long read_only_flag = 1;  // ST_RDONLY
    found.is_read_only = (static_cast<long>(about.f_flags) & read_only_flag) != 0;
    return found;
}

// Space, tab, newline and backslash stand in it as \040 and the like.
std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto digits = text.substr(at, 4);
        const auto value = digits.size() == 4 && digits[0] == '\\' ? parse_integer<std::uint64_t>(digits.substr(1), 8) : std::nullopt;
        if (value && *value < 256) {
            plain += static_cast<char>(*value);
            at += 3;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

bool holds(const std::string& folder, const std::string& path) {
    return folder == "/" || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
std::optional<FileSystemType> parse_line(const std::string& line) {
    const auto fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    constexpr std::size_t mount_point = 4, options = 5;
    if (fields.size() <= options || dash == fields.end() || dash + 1 == fields.end()) return std::nullopt;
    FileSystemType found{.type = unescaped(*(dash + 1)), .mounted_at = unescaped(fields[mount_point]), .kind = {}, .is_read_only = false};
    found.kind = kind_of(found.type);
    const auto is_read_only = [&](const std::string& list) {
        const auto words = split(list, ',');
        return std::ranges::find(words, "ro") != words.end();
    };
    const bool has_own = fields.end() - dash > 3;  // options of the file system beside those of the mount
    found.is_read_only = is_read_only(fields[options]) || (has_own && is_read_only(*(dash + 3)));
    return found;
}

}  // namespace

std::string_view name_of(FileSystemKind kind) {
    switch (kind) {
        case FileSystemKind::disk: return "disk";
        case FileSystemKind::network: return "network";
        case FileSystemKind::user_space: return "user space";
        case FileSystemKind::layered: return "layered";
        case FileSystemKind::memory: return "memory";
    }
    return "";
}

Result<FileSystemType> file_system_type_in(std::string_view mounts, const std::string& canonical_path) {
    std::optional<FileSystemType> nearest;
    for (const auto& line : split(mounts, '\n')) {
        auto found = parse_line(line);
        if (!found || !holds(found->mounted_at, canonical_path)) continue;
        // Of several on one folder the last one covers the others.
        if (!nearest || found->mounted_at.size() >= nearest->mounted_at.size()) nearest = std::move(found);
    }
    if (nearest) return *std::move(nearest);
    return fail(ErrorCode::not_found, "look for the file system of {}: no mount holds it", printable(canonical_path));
}

Result<FileSystemType> file_system_type(const std::string& canonical_path) {
    const auto mounts = read_proc("/proc/self/mountinfo");
    if (!mounts) return fail(ErrorCode::unavailable, "look for the file system of {}: /proc cannot be read", printable(canonical_path));
    auto found = file_system_type_in(*mounts, canonical_path);
    if (!found && found.error().code() == ErrorCode::not_found) return type_by_number(canonical_path);
    return found;
}

}  // namespace holdfast::host
