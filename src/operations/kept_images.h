// Kept images: databases of backups, read by many at once in a program that is not ours. Nothing live is ever opened.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// One database of a backup. While it lives the backup is leased (a prune does not take it away) and its repository open.
class KeptImage {
public:
    virtual ~KeptImage() = default;
    virtual const sqlite::Image& image() const = 0;
    virtual std::uint64_t number() const = 0;        // of the backup
    virtual Timestamp time() const = 0;              // the moment it holds
    virtual const std::string& path() const = 0;     // of the database when it was backed up
    virtual const RepositoryRequest& repository() const = 0;  // with which it was found: for more of the same
};

struct KeptImageRequest {
    RepositoryRequest repository;  // settings are not read: the working folder is that of somebody else's program
    std::string snapshot;          // as SNAPSHOT of any verb; `live` is refused
    std::string at;                // a time, instead
    std::string source;
    std::string database;          // which of several: its path, or as much of the end as tells; with one it may be any
    std::uint64_t cache_mib = 0;   // what is unpacked and kept of it; the first who opens it decides. 0: of what all may keep
};

// All that one process has open. Who asks for what is open already shares it; what nobody holds any more is closed.
// What is unpacked and kept of all of them together is at most 32 MiB, besides what was asked for in numbers.
// Thread-safe. After a fork it belongs to the parent: the child makes another one.
class KeptImages {
public:
    explicit KeptImages(const Context& context);
    KeptImages(const KeptImages&) = delete;
    KeptImages& operator=(const KeptImages&) = delete;
    ~KeptImages();
    struct Found {
        std::shared_ptr<const KeptImage> image;
        std::vector<std::string> warnings;  // what a person should know of the choice
    };
    Result<Found> open(const KeptImageRequest& request);

private:
    class CacheRoom;
    class OpenPlace;
    struct Place;
    Result<std::shared_ptr<OpenPlace>> open_place(const RepositoryRequest& request);
    std::shared_ptr<Place> place_of(const std::vector<std::string>& key);

    Context context_;
    std::shared_ptr<CacheRoom> room_;
    std::mutex mutex_;  // guards the map alone
    std::map<std::vector<std::string>, std::shared_ptr<Place>> places_;
};

// As the request or $HOLDFAST_REPOSITORY says, and without any settings. `not_found`: neither does.
Result<RepositoryRequest> repository_without_settings(const RepositoryRequest& request);

}  // namespace holdfast::operations
