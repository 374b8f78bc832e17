// UnnamedFile: a file on its way, beside its future place under a name that says so.
#pragma once

#include <memory>
#include <string>

#include "holdfast/host/host.h"

namespace holdfast::live {

// ".app.db.<16 hex digits>.restoring" in the folder of app.db, locked while its writer lives.
struct UnnamedFile {
    std::string path;
    std::unique_ptr<host::File> file;
    std::unique_ptr<host::FileLock> lock;  // null where the file system has none; drop it before the file gets its name
};

// The file is whole and gets its name within the second; its lock, which holds a descriptor, goes first.
void about_to_be_named(host::Host host, const std::string& path, std::unique_ptr<host::FileLock>& lock);

// Removes what writers that were killed left of the same future file, then creates a new one (0600).
Result<UnnamedFile> create_unnamed(host::Host host, const std::string& future_path);

}  // namespace holdfast::live
