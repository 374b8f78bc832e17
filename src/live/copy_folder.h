// CopyFolder: a folder below the cache folder for a copy of a database, named for the process that uses it.
#pragma once

#include <string>

#include "holdfast/host/host.h"

namespace holdfast::live {

// Removed with its content when destroyed; one that a crash left is removed by the next.
class CopyFolder {
public:
    explicit CopyFolder(host::Host host) : host_(host) {}
    CopyFolder(const CopyFolder&) = delete;
    CopyFolder& operator=(const CopyFolder&) = delete;
    ~CopyFolder();
    Result<void> make();
    const std::string& path() const { return path_; }
    std::string file() const { return host::join_path(path_, "copy.db"); }

private:
    void remove_leftovers(const std::string& all);

    host::Host host_;
    std::string path_;
};

}  // namespace holdfast::live
