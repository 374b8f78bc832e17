#include "holdfast/host/file_system_type.h"

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
    return file_system_type_in(*mounts, canonical_path);
}

}  // namespace holdfast::host
