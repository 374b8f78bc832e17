#include "holdfast/host/posix_error.h"

#include <cerrno>
#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast::host {
namespace {

struct Meaning {
    int number;
    ErrorCode code;
    const char* reason;
    const char* advice = "";
};

constexpr const char* check_mode = "check owner and mode of the path and its folders: ls -ld, namei -l";
constexpr const char* check_disk = "look into the kernel's log for a failing disk or cable: dmesg";

constexpr Meaning meanings[] = {
    {ENOENT, ErrorCode::not_found, "no such file or folder"},
    {ENOTDIR, ErrorCode::not_found, "a part of the path is not a folder"},
    {ESRCH, ErrorCode::not_found, "no such process"},
    {EEXIST, ErrorCode::exists, "it exists already"},
    {ENOTEMPTY, ErrorCode::exists, "the folder is not empty"},
    {EACCES, ErrorCode::denied, "permission denied", check_mode},
    {EPERM, ErrorCode::denied, "operation not permitted", check_mode},
    {EROFS, ErrorCode::denied, "the file system is read-only", "remount it writable, or choose another place"},
    {ENOSPC, ErrorCode::full, "no space left on the file system", "make room there; df -h shows what is free"},
    {EDQUOT, ErrorCode::full, "the disk quota is used up", "make room, or ask for a larger quota"},
    {EFBIG, ErrorCode::full, "the file would be larger than the file system or a limit allows",
     "check the limit (ulimit -f) and the file system's largest file size"},
    {EAGAIN, ErrorCode::busy, "another process holds it"},
    {EBUSY, ErrorCode::busy, "it is in use"},
    {ETXTBSY, ErrorCode::busy, "it is a running program"},
    {EIO, ErrorCode::unavailable, "input/output error", check_disk},
    {EUCLEAN, ErrorCode::unavailable, "the file system is damaged", check_disk},
    {ESTALE, ErrorCode::unavailable, "the network file system no longer knows this file", "mount it again"},
    {EMFILE, ErrorCode::unavailable, "too many open files in this process", "raise the limit: ulimit -n"},
    {ENFILE, ErrorCode::unavailable, "too many open files on this machine", "raise the limit: sysctl fs.file-max"},
    {EISDIR, ErrorCode::invalid, "it is a folder"},
    {EINVAL, ErrorCode::invalid, "the system calls that invalid"},
    {ENAMETOOLONG, ErrorCode::invalid, "the name is too long"},
    {ELOOP, ErrorCode::invalid, "too many links in the path, or a link where none may be"},
    {EXDEV, ErrorCode::invalid, "the two paths are on different file systems"},
};

}  // namespace

Error posix_error(int number, PosixStep step) {
    for (const Meaning& meaning : meanings) {
        if (meaning.number != number) continue;
        auto error = fail(meaning.code, "{} {}: {}", step.doing, printable(step.path), meaning.reason);
        return *meaning.advice ? std::move(error).with_advice(meaning.advice) : std::move(error);
    }
    const char* name = ::strerrorname_np(number);
    return fail(ErrorCode::unavailable, "{} {}: system error {} ({})", step.doing, printable(step.path), number,
                name ? name : "unknown");
}

}  // namespace holdfast::host
