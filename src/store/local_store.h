// LocalStore: objects as files of one folder. Written aside in tmp/, synced, linked to their name, folder synced.
#pragma once

#include "holdfast/host/host.h"
#include "holdfast/store/object_store.h"

namespace holdfast::store {

struct LocalStoreOptions {
    std::uint32_t file_mode = 0600;
    std::uint32_t folder_mode = 0700;
};

// The folder must exist. Folders for name prefixes are made as needed. Files in tmp/ left by a crash are removed by
// sweep_leftovers(), when their writer cannot be running any more.
Result<std::unique_ptr<ObjectStore>> open_local_store(host::Host host, std::string folder, LocalStoreOptions options);

// Makes the folder (and missing parents), empty, with the mode; `exists` when it has anything in it.
Result<void> create_local_folder(host::Host host, const std::string& folder, LocalStoreOptions options);

}  // namespace holdfast::store
