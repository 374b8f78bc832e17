// PrivateFolder: a temporary folder that nobody else can look into, gone with all that is in it when it is done.
#pragma once

#include <string>

#include "holdfast/host/host.h"

namespace holdfast::bundle {

// ".holdfast-unpacked.<16 hex digits>" (0700) in a folder that is made when it is missing. What processes that were killed
// left there is removed when the next one is made.
class PrivateFolder {
public:
    static Result<PrivateFolder> make(host::Host host, const std::string& in);
    PrivateFolder(PrivateFolder&& other) noexcept;
    PrivateFolder& operator=(PrivateFolder&&) = delete;
    ~PrivateFolder();
    const std::string& path() const { return path_; }

private:
    PrivateFolder(host::Host host, std::string path, std::unique_ptr<host::FileLock> lock)
        : host_(host), path_(std::move(path)), lock_(std::move(lock)) {}
    host::Host host_;
    std::string path_;  // empty: moved from
    std::unique_ptr<host::FileLock> lock_;
};

}  // namespace holdfast::bundle
