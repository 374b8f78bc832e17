// NewFile: an image being written to a file that has not got its name yet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/live/replace.h"

namespace holdfast::live {

// A temporary file beside its future place, written, synced and proven, but without its name. Gone when destroyed
// before take_name() or replace().
class NewFile {
public:
    // Writes the image, gives the file its mode and owner, syncs, reads back and compares. The report tells how it went.
    static Result<NewFile> write(host::Host host, host::WorkerPool& pool, const sqlite::Image& image,
                                 const NewFileRequest& request, const Watch& watch);
    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&&) = delete;
    ~NewFile();

    // Durable when these return. take_name: `exists` when the name is taken.
    Result<void> take_name();
    Result<void> replace();
    WriteReport report;

private:
    NewFile(host::Host host, std::string path, std::string temporary, std::unique_ptr<host::FileLock> lock)
        : host_(host), path_(std::move(path)), lock_(std::move(lock)), temporary_(std::move(temporary)) {}

    host::Host host_;
    std::string path_;
    std::unique_ptr<host::FileLock> lock_;
    std::string temporary_;  // empty: it has its name
};

}  // namespace holdfast::live
