// Named images: what a word means that can be read as databases: a backup of the repository, the live database, or a file.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/outside_request.h"
#include "holdfast/repository/directory.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

struct NamedImage {
    std::string name;                // for SQL: the file's name without its ending, in letters, digits and _; unique among them
    std::string path;                // of the database; of one in a bundle, its name there
    const sqlite::Image* image = nullptr;
    const repository::DirectoryEntry* kept = nullptr;  // of a backup of the repository: how it is kept there
};

// Holds what it takes to read them: the backup is leased (a prune does not take it away), the live database or the file
// is frozen (a rollback-mode database keeps its writers waiting until finish(), or the end of its life).
class NamedImages {
public:
    virtual ~NamedImages() = default;
    virtual const std::vector<NamedImage>& databases() const = 0;  // at least one
    virtual bool is_live() const = 0;
    virtual std::uint64_t number() const = 0;                      // of the backup; 0: it is none of the repository
    virtual Timestamp time() const = 0;                            // the moment they hold
    virtual std::optional<std::array<std::byte, 16>> source() const = 0;  // whose backup it is; none: it is none of the repository
    virtual std::string in_words() const = 0;                      // "backup #43", "app.db as it is now", "old.db.gz"
    virtual const std::vector<std::string>& warnings() const = 0;
    // Lets go. `busy`: what was read of a live database did not belong to one moment; it must be read again.
    virtual Result<void> finish() = 0;
};

constexpr std::string_view live_word = "live";
struct ImagesRequest {
    std::string word = "latest";      // as SNAPSHOT of any verb; also live, and the path of a file (plain, compressed, bundle, tar)
    std::string at;                   // a time, instead
    std::string source;               // of which source; for `live`: whose databases
    std::vector<std::string> only;    // of several databases those whose paths end so; empty: all
    OutsideRequest outside;           // for a file: secrets of its layers
};
// `opened` is null where no repository was found; then only files (and `live` with a path as source) can be meant, and
// anything else is `not_found` with how to name a repository. References to `opened` are kept.
Result<std::unique_ptr<NamedImages>> open_images(Context& context, OpenRepository* opened, const ImagesRequest& request);

}  // namespace holdfast::operations
