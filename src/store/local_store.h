// LocalStore: objects as files of one folder. Written aside in tmp/, synced, linked to their name, folder synced.
#pragma once

#include <functional>

#include "holdfast/host/host.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/store/object_store.h"

namespace holdfast::store {

struct LocalStoreOptions {
    std::uint32_t file_mode = 0600;
    std::uint32_t folder_mode = 0700;
};

// The folder must exist. Nothing is written before the first put: a folder that is read-only can be read. Folders for
// name prefixes are made as needed and never removed. Where the file system has no hard links, objects are renamed into
// place without replacing. An object that another process removes may go on answering read() here for a while.
Result<std::unique_ptr<ObjectStore>> open_local_store(host::Host host, std::string folder, LocalStoreOptions options);

// Makes the folder (and missing parents) with folder_mode; `exists` when it is there with anything in it.
Result<void> create_local_folder(host::Host host, const std::string& folder, LocalStoreOptions options);

// Removes the files in tmp/ that a crash left: those whose writer cannot be running any more. Files of writers on other
// machines, and files that no LocalStore wrote, stay.
struct SweptLeftovers {
    std::uint64_t removed = 0;
    std::uint64_t kept = 0;
};
using IsAlive = std::function<host::Alive(const host::ProcessIdentity&)>;
Result<SweptLeftovers> sweep_leftovers(host::Host host, const std::string& folder,
                                       const IsAlive& is_alive = host::is_alive);

}  // namespace holdfast::store
