#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/file_system.h"
#include "holdfast/host/posix_error.h"

namespace holdfast::host {
namespace {

// A zero byte would silently end the path in the system call.
Result<void> check_path(const std::string& path) {
    if (path.find('\0') == std::string::npos) return {};
    return fail(ErrorCode::invalid, "path {} holds a zero byte", printable(path));
}

template <typename Call>
Result<void> run(PosixStep step, const std::string& path, Call call) {
    TRY(check_path(path));
    if (uninterrupted(call) == -1) return posix_error(errno, step);
    return {};
}

Timestamp timestamp_of_stat(const timespec& time) {
    return {std::int64_t{time.tv_sec} * nanoseconds_per_second + time.tv_nsec};
}

// Rounded down, also before 1970: the nanoseconds count onward.
timespec timespec_of(Timestamp time) {
    const std::int64_t rest = time.nanoseconds % nanoseconds_per_second, part = rest < 0 ? rest + nanoseconds_per_second : rest;
    return {.tv_sec = (time.nanoseconds - part) / nanoseconds_per_second, .tv_nsec = part};
}

FileStatus status_of_stat(const struct stat& from) {
    FileStatus to;
    to.kind = S_ISREG(from.st_mode)   ? FileKind::regular
              : S_ISDIR(from.st_mode) ? FileKind::folder
              : S_ISLNK(from.st_mode) ? FileKind::link
                                      : FileKind::other;
    to.size = static_cast<std::uint64_t>(from.st_size);
    to.device = from.st_dev;
    to.inode = from.st_ino;
    to.mode = from.st_mode & 07777u;
    to.owner = from.st_uid;
    to.group = from.st_gid;
    to.links = from.st_nlink;
    to.modified = timestamp_of_stat(from.st_mtim);
    to.changed = timestamp_of_stat(from.st_ctim);
    return to;
}

// The numbers of statfs(2).
constexpr std::uint32_t ext4 = 0xEF53, xfs = 0x58465342, btrfs = 0x9123683E, f2fs = 0xF2F52010, tmpfs = 0x01021994, overlay = 0x794C7630;

bool is_on_one_of(std::initializer_list<std::uint32_t> types, int descriptor) {
    struct statfs about{};
    return ::fstatfs(descriptor, &about) == 0 && std::ranges::find(types, static_cast<std::uint32_t>(about.f_type)) != types.end();
}

// Of these a hole is one, whatever is still to be written out. Others have been seen to tell of holes where there were bytes
// already (ZFS before 2.2.2), and of one that is layered over another nobody knows which.
bool tells_of_holes(int descriptor) { return is_on_one_of({ext4, xfs, btrfs, f2fs, tmpfs}, descriptor); }

// Of these sync_file_range(2) writes out all that a map holds; one layered over another has nothing of its own to write out.
bool writes_out_ranges(int descriptor) { return is_on_one_of({ext4, xfs, btrfs, f2fs}, descriptor); }

class PosixFile final : public File {
public:
    PosixFile(Descriptor descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, MutableByteView into) const override {
        std::size_t done = 0;
        while (done < into.size()) {
            const auto rest = into.subspan(done);
            const auto got = uninterrupted([&] {
                return ::pread(descriptor_.number(), rest.data(), rest.size(), static_cast<off_t>(offset + done));
            });
            if (got == -1) return posix_error(errno, {"read", path_});
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    std::uint64_t next_data(std::uint64_t offset) const noexcept override {
        const auto data = ::lseek(descriptor_.number(), static_cast<off_t>(offset), SEEK_DATA);
        const int error = errno;
        if (data >= 0 && static_cast<std::uint64_t>(data) <= offset) return offset;
        if ((data < 0 && error != ENXIO) || !tells_of_holes(descriptor_.number())) return offset;
        if (data >= 0) return static_cast<std::uint64_t>(data);
        struct stat status{};
        const bool has_size = ::fstat(descriptor_.number(), &status) == 0 && static_cast<std::uint64_t>(status.st_size) > offset;
        return has_size ? static_cast<std::uint64_t>(status.st_size) : offset;
    }

    Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
        while (!bytes.empty()) {
            const auto put = uninterrupted([&] {
                return ::pwrite(descriptor_.number(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
            });
            if (put == -1) return posix_error(errno, {"write", path_});
            if (put == 0) return posix_error(EIO, {"write", path_});
            offset += static_cast<std::uint64_t>(put);
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    Result<std::uint64_t> size() const override { return TRY(status()).size; }

    Result<FileStatus> status() const override {
        struct stat status{};
        if (::fstat(descriptor_.number(), &status) == -1) return posix_error(errno, {"look at", path_});
        return status_of_stat(status);
    }

    Result<void> resize(std::uint64_t size) override {
        const auto done =
            uninterrupted([&] { return ::ftruncate(descriptor_.number(), static_cast<off_t>(size)); });
        if (done == -1) return posix_error(errno, {"resize", path_});
        return {};
    }

    Result<void> set_owner(std::uint32_t owner, std::uint32_t group) override {
        if (::fchown(descriptor_.number(), owner, group) == -1) return posix_error(errno, {"set the owner of", path_});
        return {};
    }

    Result<void> set_mode(std::uint32_t mode) override {
        if (::fchmod(descriptor_.number(), static_cast<mode_t>(mode)) == -1) return posix_error(errno, {"set the mode of", path_});
        return {};
    }

    // Errors of this writing are told by the next fdatasync.
    void begin_writing_out(std::uint64_t offset, std::uint64_t size) noexcept override {
        static_cast<void>(::sync_file_range(descriptor_.number(), static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE));
    }
    bool shows_mapped_writes() const noexcept override { return is_on_one_of({ext4, xfs, btrfs, f2fs, overlay}, descriptor_.number()); }
    Result<void> write_out() override {
        constexpr unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
        const bool has_ranges = writes_out_ranges(descriptor_.number());
        const auto done = uninterrupted([&] { return has_ranges ? ::sync_file_range(descriptor_.number(), 0, 0, all) : ::fdatasync(descriptor_.number()); });
        if (done == -1) return posix_error(errno, {"write out", path_});
        return {};
    }
    // After a failed fsync the kernel may call the pages clean although they never reached the disk, so that a second
    // fsync would succeed and mean nothing: the first failure stays the answer.
    Result<void> sync() override {
        if (failed_sync_ != 0) return posix_error(failed_sync_, {"sync again after a failed sync", path_});
        if (uninterrupted([&] { return ::fdatasync(descriptor_.number()); }) == 0) return {};
        failed_sync_ = errno;
        return posix_error(failed_sync_, {"sync", path_});
    }

private:
    Descriptor descriptor_;
    std::string path_;
    std::atomic<int> failed_sync_ = 0;
};

class PosixFileLock final : public FileLock {
public:
    explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

private:
    Descriptor descriptor_;  // closing it releases the lock
};

struct HowToOpen {
    const char* doing;
    int flags;
    std::uint32_t mode = 0;
};
Result<Descriptor> open_descriptor(const std::string& path, HowToOpen how) {
    TRY(check_path(path));
    Descriptor descriptor(
        uninterrupted([&] { return ::open(path.c_str(), how.flags | O_CLOEXEC | O_NOCTTY, how.mode); }));
    if (!descriptor.is_open()) return posix_error(errno, {how.doing, path});
    return descriptor;
}

Result<Descriptor> open_regular(const std::string& path, HowToOpen how) {
    // O_NONBLOCK: opening a pipe must fail below, not wait for its other end.
    auto descriptor = TRY(open_descriptor(path, {how.doing, how.flags | O_NONBLOCK, how.mode}));
    struct stat status{};
    if (::fstat(descriptor.number(), &status) == -1) return posix_error(errno, {how.doing, path});
    if (S_ISDIR(status.st_mode)) return posix_error(EISDIR, {how.doing, path});
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::invalid, "{} {}: it is not a regular file", how.doing, printable(path));
    }
    return descriptor;
}

Result<std::unique_ptr<File>> open_file(const std::string& path, HowToOpen how) {
    return std::unique_ptr<File>(std::make_unique<PosixFile>(TRY(open_regular(path, how)), path));
}

constexpr std::uint32_t owner_bits = 0700;

// The umask may have taken bits away. Where there are no modes (FAT) none can be given back.
Result<void> set_exact_mode(const Descriptor& descriptor, std::uint32_t mode, const std::string& path) {
    if ((mode & ~owner_bits) == 0) return {};
    struct stat status{};
    if (::fstat(descriptor.number(), &status) == -1) return posix_error(errno, {"look at", path});
    const auto wanted = static_cast<mode_t>(mode | (S_ISDIR(status.st_mode) ? status.st_mode & S_ISGID : 0u));
    if ((status.st_mode & 07777u) == wanted || ::fchmod(descriptor.number(), wanted) == 0) return {};
    if (errno == EPERM || errno == EOPNOTSUPP) return {};
    return posix_error(errno, {"set the mode of", path});
}

class PosixFileSystem final : public FileSystem {
public:
    Result<std::unique_ptr<File>> open_to_read(const std::string& path) override {
        return open_file(path, {"open", O_RDONLY});
    }

    Result<std::unique_ptr<File>> open_to_read_unfollowed(const std::string& path) override {
        return open_file(path, {"open", O_RDONLY | O_NOFOLLOW});
    }

    Result<std::unique_ptr<File>> open_to_write(const std::string& path) override {
        return open_file(path, {"open to write", O_RDWR});
    }

    Result<std::unique_ptr<File>> create(const std::string& path, std::uint32_t mode) override {
        auto descriptor = TRY(open_descriptor(path, {"create", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode}));
        if (auto exact = set_exact_mode(descriptor, mode, path); !exact) {
            ::unlink(path.c_str());
            return std::move(exact).error();
        }
        return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), path));
    }

    // ioctl_ficlone(2): atomic against writers. Others than these may know the call and copy, or keep no order with memory maps.
    Result<ClonedFile> clone_unfollowed(const std::string& path) override {
        const auto original = TRY(open_regular(path, {"clone", O_RDONLY | O_NOFOLLOW}));
        if (!is_on_one_of({btrfs, xfs}, original.number())) return fail(ErrorCode::unavailable, "clone {}: its file system does not share what files hold", printable(path));
        auto clone = TRY(open_descriptor(folder_of(path), {"clone a file in", O_RDWR | O_TMPFILE | O_EXCL, 0600}));
        if (::ioctl(clone.number(), FICLONE, original.number()) == -1) return posix_error(errno, {"clone", path});
        ClonedFile cloned{.clone = std::make_unique<PosixFile>(std::move(clone), path), .original = {}};
        struct stat status{};
        if (::fstat(original.number(), &status) == -1) return posix_error(errno, {"look at", path});
        cloned.original = status_of_stat(status);
        return cloned;
    }

    Result<void> link(const std::string& existing, const std::string& name) override {
        TRY(check_path(existing));
        TRY(check_path(name));
        if (::linkat(AT_FDCWD, existing.c_str(), AT_FDCWD, name.c_str(), 0) == 0) return {};
        if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) {
            return posix_error(errno, {"link", name});
        }
        return fail(ErrorCode::unavailable, "link {}: the file system gives no hard link", printable(name))
            .with_advice("use a file system with hard links, such as ext4, xfs or btrfs");
    }

    Result<void> make_link(const std::string& target, const std::string& path) override {
        TRY(check_path(target));
        return run({"make link", path}, path, [&] { return ::symlink(target.c_str(), path.c_str()); });
    }

    Result<void> rename(const std::string& from, const std::string& to) override {
        TRY(check_path(from));
        return run({"rename to", to}, to, [&] { return ::rename(from.c_str(), to.c_str()); });
    }

    Result<void> rename_if_absent(const std::string& from, const std::string& to) override {
        TRY(check_path(from));
        TRY(check_path(to));
        if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
        if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return posix_error(errno, {"rename to", to});
        return fail(ErrorCode::unavailable, "rename to {}: the file system cannot rename without replacing",
                    printable(to))
            .with_advice("use a file system of this machine, such as ext4, xfs or btrfs");
    }

    Result<void> remove(const std::string& path) override {
        return run({"remove", path}, path, [&] { return ::unlink(path.c_str()); });
    }

    Result<void> make_folder(const std::string& path, std::uint32_t mode) override {
        TRY(run({"make folder", path}, path, [&] { return ::mkdir(path.c_str(), static_cast<mode_t>(mode)); }));
        if ((mode & ~owner_bits) == 0) return {};
        const auto folder = TRY(open_descriptor(path, {"open folder", O_RDONLY | O_DIRECTORY | O_NOFOLLOW}));
        return set_exact_mode(folder, mode, path);
    }

    Result<void> remove_folder(const std::string& path) override {
        return run({"remove folder", path}, path, [&] { return ::rmdir(path.c_str()); });
    }

    Result<std::vector<std::string>> list(const std::string& folder) override {
        TRY(check_path(folder));
        const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()),
                                                       [](DIR* it) { return ::closedir(it); });
        if (!open) return posix_error(errno, {"list", folder});
        std::vector<std::string> names;
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(open.get());
            if (!entry && errno != 0) return posix_error(errno, {"list", folder});
            if (!entry) return names;
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
    }

    Result<FileStatus> status(const std::string& path) override { return look_at(path, 0); }
    Result<FileStatus> status_of_link(const std::string& path) override { return look_at(path, AT_SYMLINK_NOFOLLOW); }

    Result<std::string> canonical(const std::string& path) override {
        TRY(check_path(path));
        const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), ::free);
        if (!resolved) return posix_error(errno, {"resolve", path});
        return std::string(resolved.get());
    }

    Result<std::string> read_link(const std::string& path) override {
        TRY(check_path(path));
        std::string target(256, '\0');
        for (;;) {
            const auto size = ::readlink(path.c_str(), target.data(), target.size());
            if (size == -1) return posix_error(errno, {"read link", path});
            if (static_cast<std::size_t>(size) < target.size()) {
                target.resize(static_cast<std::size_t>(size));
                return target;
            }
            target.resize(target.size() * 2);
        }
    }

    Result<void> sync_folder(const std::string& path) override {
        const auto folder = TRY(open_descriptor(path, {"open folder", O_RDONLY | O_DIRECTORY}));
        if (uninterrupted([&] { return ::fsync(folder.number()); }) == 0) return {};
        if (errno == EINVAL) return {};  // a file system that has no such step (some network and FUSE ones)
        return posix_error(errno, {"sync folder", path});
    }

    Result<void> sync_file_system(const std::string& path) override {
        const auto folder = TRY(open_descriptor(path, {"open folder", O_RDONLY | O_DIRECTORY}));
        if (::syncfs(folder.number()) == 0) return {};
        return posix_error(errno, {"sync the file system of", path});
    }

    Result<void> set_mode(const std::string& path, std::uint32_t mode) override {
        return run({"set the mode of", path}, path, [&] { return ::chmod(path.c_str(), static_cast<mode_t>(mode)); });
    }

    Result<void> set_owner(const std::string& path, std::uint32_t owner, std::uint32_t group) override {
        return run({"set the owner of", path}, path, [&] { return ::lchown(path.c_str(), owner, group); });
    }

    Result<void> set_modified(const std::string& path, Timestamp time) override {
        const timespec times[] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, timespec_of(time)};
        return run({"set the time of", path}, path, [&] { return ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW); });
    }

    bool is_mount_point(const std::string& path) override {
        constexpr std::uint64_t mount_root = 0x2000;  // STATX_ATTR_MOUNT_ROOT, which older headers do not have
        struct statx found{};
        if (!check_path(path) || ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &found) == -1) return false;
        return (found.stx_attributes_mask & found.stx_attributes & mount_root) != 0;
    }

    Result<void> expect_readable(const std::string& path) override {
        return run({"read", path}, path, [&] { return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS); });
    }

    Result<void> expect_writable(const std::string& path) override {
        const auto status = TRY(look_at(path, 0));
        const int wanted = status.kind == FileKind::folder ? W_OK | X_OK : W_OK;
        return run({"write", path}, path, [&] { return ::faccessat(AT_FDCWD, path.c_str(), wanted, AT_EACCESS); });
    }

    Result<std::uint64_t> free_bytes(const std::string& path) override {
        struct statvfs status{};
        TRY(run({"look at the file system of", path}, path, [&] { return ::statvfs(path.c_str(), &status); }));
        return std::uint64_t{status.f_bavail} * std::uint64_t{status.f_frsize};
    }

    Result<std::unique_ptr<FileLock>> try_lock(const std::string& path) override {
        for (int attempt = 0; attempt < 100; ++attempt) {
            constexpr int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
            auto descriptor = TRY(open_descriptor(path, {"open lock", flags, 0600}));
            if (uninterrupted([&] { return ::flock(descriptor.number(), LOCK_EX | LOCK_NB); }) == -1) {
                return posix_error(errno, {"lock", path});
            }
            // Somebody may have removed the file between open and lock: then this lock keeps nobody out.
            struct stat held{}, named{};
            if (::fstat(descriptor.number(), &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
                held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
                return std::unique_ptr<FileLock>(std::make_unique<PosixFileLock>(std::move(descriptor)));
            }
        }
        return fail(ErrorCode::busy, "lock {}: the lock file keeps being removed", printable(path));
    }

private:
    static Result<FileStatus> look_at(const std::string& path, int flags) {
        struct stat status{};
        TRY(run({"look at", path}, path, [&] { return ::fstatat(AT_FDCWD, path.c_str(), &status, flags); }));
        return status_of_stat(status);
    }
};

}  // namespace

FileSystem& posix_file_system() {
    static PosixFileSystem files;
    return files;
}

}  // namespace holdfast::host
