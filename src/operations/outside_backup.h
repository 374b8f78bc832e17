// OutsideBackup: a backup that lies in a file of no repository, opened as images: plain, compressed, encrypted, in an archive,
// or a dump in SQL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/bundle/catalogue.h"
#include "holdfast/bundle/unpacked.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_companion.h"
#include "holdfast/operations/outside_request.h"
#include "holdfast/operations/outside_time.h"

namespace holdfast::operations {

struct OutsideDatabase {
    std::string name;                      // in its archive; of a single file, its own without the endings of its layers
    std::string layers;                    // "gzip, tar"; empty: a plain file
    std::string path;                      // where it lies now
    OutsideTime time;
    bundle::CatalogueEntry told;           // what descriptions beside it, or in the archive, tell of it
    std::unique_ptr<live::Frozen> frozen;  // with what a -wal or -journal beside it brings
    const sqlite::Image& image() const { return frozen->image(); }
};

// What was unpacked is removed when it is destroyed; a plain file is read where it lies, nothing beside or in it is changed,
// and it is held (SHARED) until then.
struct OutsideBackup {
    std::string path;
    std::uint64_t size = 0;                // of the file
    std::vector<OutsideDatabase> databases;  // at least one, but where companions or other files were asked for
    std::vector<OutsideCompanion> companions;
    std::optional<bundle::BundleFacts> bundle_facts;
    OutsideTime bundle_time;
    bool is_bundle = false;                // all of one moment; else each is a backup of its own
    std::vector<std::string> proven_by;    // which hashes beside or in it agree
    std::vector<std::string> warnings;
    std::unique_ptr<bundle::Unpacked> unpacked;
    OutsideBackup() = default;
    OutsideBackup(OutsideBackup&&) = default;
    OutsideBackup& operator=(OutsideBackup&&) = default;
    ~OutsideBackup() { databases.clear(); }  // what holds the files goes before the files
    OutsideTime time() const;              // of the first database, or what the bundle tells
};
// Errors: those of bundle::Unpacked::open and live::freeze; `corrupt`: a hash that stands beside it, or in the bundle, is
// another.
struct OutsideUse {
    bundle::CompanionFiles companions = bundle::CompanionFiles::passed_over;
    bundle::OtherFiles others = bundle::OtherFiles::passed_over;
    enum class Sql : std::uint8_t { is_a_dump, is_passed_over } sql = Sql::is_a_dump;
    std::vector<std::string> folders = {};  // names of those above it that may tell when it was made, the nearest first
    const bundle::Catalogue* known = nullptr;  // tells of more backups than what lies beside the file does
};
Result<OutsideBackup> open_outside(Context& context, const std::string& path, const OutsideRequest& request, const OutsideUse& use = {});

// The image, proven to be still what was frozen, is whole in SQLite's eyes and fully read: for callers that are done.
Result<void> expect_unchanged(OutsideBackup& backup);

}  // namespace holdfast::operations
