// BytesFile: bytes of a test as a file of a SQLite VFS, for RawFile to read, with a door to fail reads.
#pragma once

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>

#include "holdfast/base/bytes.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::tests {

class BytesFile {
public:
    explicit BytesFile(Bytes bytes) : content_(std::make_shared<Content>()), name_("/bytes/" + std::to_string(++count())) {
        content_->bytes = std::move(bytes);
        vfs();
        contents()[name_] = content_;
    }
    BytesFile(const BytesFile&) = delete;
    BytesFile& operator=(const BytesFile&) = delete;
    ~BytesFile() { contents().erase(name_); }

    sqlite::RawFile open(sqlite::RawFileKind kind = sqlite::RawFileKind::database) const {
        return sqlite::RawFile::open(name_, {.vfs = vfs(), .kind = kind}).value();
    }
    Bytes& bytes() { return content_->bytes; }
    // Reads that touch bytes at or after this offset fail.
    void fail_from(std::uint64_t offset) { content_->fails_from = offset; }

private:
    struct Content {
        Bytes bytes;
        std::uint64_t fails_from = ~0ull;
    };
    struct File : sqlite3_file {
        std::shared_ptr<Content> content;
    };
    static std::map<std::string, std::shared_ptr<Content>>& contents() {
        static std::map<std::string, std::shared_ptr<Content>> all;
        return all;
    }
    static int& count() {
        static int number = 0;
        return number;
    }
    static Content& content_of(sqlite3_file* file) { return *static_cast<File*>(file)->content; }

    static int close(sqlite3_file* file) {
        static_cast<File*>(file)->~File();
        return SQLITE_OK;
    }
    static int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
        const Content& content = content_of(file);
        const auto at = static_cast<std::uint64_t>(offset), wanted = static_cast<std::uint64_t>(size);
        if (at + wanted > content.fails_from) return SQLITE_IOERR_READ;
        const std::uint64_t there = at < content.bytes.size() ? std::min(wanted, content.bytes.size() - at) : 0;
        if (there > 0) std::memcpy(into, content.bytes.data() + at, there);
        std::memset(static_cast<char*>(into) + there, 0, wanted - there);
        return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }
    static int file_size(sqlite3_file* file, sqlite3_int64* size) {
        *size = static_cast<sqlite3_int64>(content_of(file).bytes.size());
        return SQLITE_OK;
    }
    static int ignore_lock(sqlite3_file*, int) { return SQLITE_OK; }
    static int check_reserved(sqlite3_file*, int* reserved) {
        *reserved = 0;
        return SQLITE_OK;
    }
    static int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int, int*) {
        static const sqlite3_io_methods methods = [] {
            sqlite3_io_methods made{};
            made.iVersion = 1;
            made.xClose = close;
            made.xRead = read;
            made.xFileSize = file_size;
            made.xLock = ignore_lock;
            made.xUnlock = ignore_lock;
            made.xCheckReservedLock = check_reserved;
            return made;
        }();
        const auto found = contents().find(name);
        file->pMethods = nullptr;
        if (found == contents().end()) return SQLITE_CANTOPEN;
        auto* opened = ::new (static_cast<void*>(file)) File;
        opened->content = found->second;
        opened->pMethods = &methods;
        return SQLITE_OK;
    }
    static int full_path(sqlite3_vfs*, const char* name, int size, char* into) {
        sqlite3_snprintf(size, into, "%s", name);
        return SQLITE_OK;
    }
    static int access(sqlite3_vfs*, const char* name, int, int* found) {
        *found = contents().contains(name);
        return SQLITE_OK;
    }
    static const char* vfs() {
        static constexpr const char* vfs_name = "holdfast-test-bytes";
        static sqlite3_vfs registered = [] {
            sqlite3_vfs made{};
            made.iVersion = 1;
            made.szOsFile = sizeof(File);
            made.mxPathname = 100;
            made.zName = vfs_name;
            made.xOpen = open_file;
            made.xAccess = access;
            made.xFullPathname = full_path;
            return made;
        }();
        static const int done = sqlite3_vfs_register(&registered, 0);
        return done == SQLITE_OK ? vfs_name : "";
    }

    std::shared_ptr<Content> content_;
    std::string name_;
};

}  // namespace holdfast::tests
