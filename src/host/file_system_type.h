// FileSystemType: on what kind of file system a path lies, as the kernel's table of mounts tells.
#pragma once

#include <string>
#include <string_view>

#include "holdfast/host/file_system.h"

namespace holdfast::host {

// network: other machines may change it too, and locks may not hold between them. user_space: a program serves it (FUSE),
// and its locks and memory maps are what that program makes of them. layered: overlayfs, as in containers. memory: gone
// when the machine is switched off.
enum class FileSystemKind { disk, network, user_space, layered, memory };
std::string_view name_of(FileSystemKind kind);

struct FileSystemType {
    std::string type;         // "ext4", "nfs4", "fuse.sshfs"
    std::string mounted_at;
    FileSystemKind kind = FileSystemKind::disk;
    bool is_read_only = false;
};
// Of a canonical path that exists; where the table does not show its mount, as in a chroot, by statfs(2), and mounted at "/".
// `unavailable` without /proc.
Result<FileSystemType> file_system_type(const std::string& canonical_path);

// From the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). not_found: no mount in it holds the path.
Result<FileSystemType> file_system_type_in(std::string_view mounts, const std::string& canonical_path);

}  // namespace holdfast::host
