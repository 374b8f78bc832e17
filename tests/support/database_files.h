// Looking at database files in tests: their bytes, what SQLite reads in them, what a folder holds, who has locks.
#pragma once

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/hash.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/image.h"
#include "support/results.h"

namespace holdfast::tests {

// By open(2) and close(2): drops every lock this process has on the file, as any careless reader does.
inline Bytes file_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    std::string text(file ? static_cast<std::size_t>(file.tellg()) : 0, '\0');
    file.seekg(0).read(text.data(), static_cast<std::streamsize>(text.size()));
    return copy_of(bytes_of(text));
}

inline void write_file(const std::string& path, ByteView bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text_of(bytes);
    if (!file.flush()) std::abort();
}

// Every page as SQLite reads it in the connection's current view, lock page zero: the oracle for images.
inline Bytes serialized(sqlite::Connection& connection) {
    sqlite3_int64 size = 0;
    unsigned char* bytes = sqlite3_serialize(connection.handle(), "main", &size, 0);
    Bytes copy(static_cast<std::size_t>(size));
    if (size > 0) std::memcpy(copy.data(), bytes, copy.size());
    sqlite3_free(bytes);
    return copy;
}

// All pages of an image, as one run of bytes.
inline Bytes image_bytes(const sqlite::Image& image) {
    Bytes bytes(image.size());
    if (!bytes.empty()) must(image.read({sqlite::PageNumber{1}, image.last_page().value}, bytes));
    return bytes;
}

// The numbers of the pages that differ (from 1); a page that only one of them has differs.
inline std::vector<std::uint32_t> different_pages(ByteView a, ByteView b, std::size_t page_size) {
    std::vector<std::uint32_t> pages;
    for (std::size_t at = 0; at < std::max(a.size(), b.size()); at += page_size) {
        const auto of = [&](ByteView all) {
            return at < all.size() ? text_of(all.subspan(at, std::min(page_size, all.size() - at))) : "";
        };
        if (of(a) != of(b)) pages.push_back(static_cast<std::uint32_t>(at / page_size + 1));
    }
    return pages;
}

// What a folder holds: names, with inode, size, mode, owner, times and content. Two equal footprints: nothing was
// created, removed or changed.
struct FootprintOptions {
    bool times = true;
};
inline std::map<std::string, std::string> footprint(const std::string& folder, FootprintOptions options = {}) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        struct stat status {};
        if (::lstat(entry.path().c_str(), &status) != 0) std::abort();
        std::ostringstream line;
        line << status.st_ino << ' ' << status.st_size << ' ' << status.st_mode << ' ' << status.st_uid << ' '
             << status.st_gid;
        if (options.times) {
            line << ' ' << status.st_mtim.tv_sec << '.' << status.st_mtim.tv_nsec << ' ' << status.st_ctim.tv_sec << '.'
                 << status.st_ctim.tv_nsec;
        }
        if (S_ISREG(status.st_mode)) line << ' ' << sha256(file_bytes(entry.path())).hex();
        files[entry.path().filename()] = line.str();
    }
    return files;
}

inline std::vector<std::string> locks_seen_on(const std::string& path, pid_t process) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    std::ifstream table("/proc/locks");
    std::vector<std::string> locks;
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::string number, kind, advisory, mode, pid, file, start, end;
        words >> number >> kind >> advisory >> mode >> pid >> file >> start >> end;
        const auto inode = file.substr(file.rfind(':') + 1);
        if (kind == "POSIX" && pid == std::to_string(process) && inode == std::to_string(status.st_ino)) {
            locks.push_back(mode + " " + start + " " + end);
        }
    }
    std::ranges::sort(locks);
    const auto repeated = std::ranges::unique(locks);
    locks.erase(repeated.begin(), repeated.end());
    return locks;
}

// The POSIX locks that a process holds on a file, as /proc/locks tells them: "WRITE 1073741825 1073741825".
// The kernel gives the table in pieces, between which others lock and unlock: a line may come twice, or be left out. So
// it is read until it says the same twice.
inline std::vector<std::string> locks_on(const std::string& path, pid_t process = ::getpid()) {
    auto locks = locks_seen_on(path, process);
    for (int look = 0; look < 100; ++look) {
        auto again = locks_seen_on(path, process);
        if (again == locks) break;
        locks = std::move(again);
    }
    return locks;
}

}  // namespace holdfast::tests
