// OpenFiles: the files read last, kept open, so that thousands of ranges of one object cost one open.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::store {

// Thread-safe. A file handed out stays readable for as long as the caller holds it.
class OpenFiles {
public:
    explicit OpenFiles(host::FileSystem& files) : files_(files) {}
    Result<std::shared_ptr<const host::File>> open(const std::string& path);
    // To be called after the file was removed: no later open() hands out the old one.
    void forget(const std::string& path);

private:
    struct Entry {
        std::string path;
        std::shared_ptr<const host::File> file;
        std::uint64_t last_use = 0;
    };
    std::shared_ptr<const host::File> find(const std::string& path);
    void keep(Entry entry);

    host::FileSystem& files_;
    std::mutex mutex_;  // guards all below; never held while a file is opened or read
    std::vector<Entry> entries_;
    std::uint64_t uses_ = 0;
    std::uint64_t forgotten_ = 0;
};

}  // namespace holdfast::store
