// The members of a bundle, in the order of their names, each with its size and hash before a byte is written.
#pragma once

#include <functional>

#include "holdfast/base/hash.h"
#include "holdfast/base/json.h"
#include "holdfast/bundle/bundled_set.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/history/history.h"
#include "holdfast/operations/bundle.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/sqlite/scrub.h"

namespace holdfast::operations {

struct BundleMember {
    std::string name;
    std::uint64_t size = 0;
    Hash sha256{};
    std::string text;                       // its content, when it is a text
    std::unique_ptr<sqlite::Image> image;   // or this database's
    std::string file;                       // or that of a private file
    std::shared_ptr<const repository::DirectoryEntry> entry = {};  // or, of a companion, what is kept; its own mode and time
};

struct BundleScrubbing {
    std::vector<sqlite::ScrubRule> rules;
    std::string folder;  // private, with room for each database twice
};
struct BundledDatabases {
    std::vector<BundleMember> members;
    Json facts;                           // metadata.json without its list of members
    std::vector<std::string> scrubbed;    // "app.db: contacts.email: hash, 12 rows"
    std::vector<std::string> notes;
};
// Reads every database once. `invalid`: a member of the backup is no database, or the scrubbing rules do not fit it.
Result<BundledDatabases> bundle_databases(Context& context, OpenRepository& opened, const history::Moment& moment, const BundleScrubbing& scrubbing);

struct BundledCompanions {
    std::vector<BundleMember> members;    // a folder before what lies in it
    std::vector<bundle::BundledCompanion> companions;
};
// Reads every file of them once.
Result<BundledCompanions> bundle_companions(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot);

// Those of one companion, which is called `member` there.
Result<BundledCompanions> bundle_companion(Context& context, OpenRepository& opened, const repository::DirectoryEntry& companion, const std::string& member);

// All of them as a tar, each proven by its hash. The sink is not finished.
Result<void> write_members(Context& context, OpenRepository& opened, const std::vector<BundleMember>& members, Timestamp time, bundle::ByteSink& sink);

// With metadata.json, which lists all the others, and in the order of names.
std::vector<BundleMember> with_metadata(std::vector<BundleMember> members, Json facts);
// Of a set: metadata.json comes first, so that who reads on knows what comes, and the companions last. `invalid`: they are so
// many that it would be larger than what is read.
Result<std::vector<BundleMember>> with_companions(std::vector<BundleMember> members, Json facts, BundledCompanions companions);

BundleMember text_member(std::string name, std::string text);

}  // namespace holdfast::operations
