// The members of a bundle, in the order of their names, each with its size and hash before a byte is written.
#pragma once

#include <functional>

#include "holdfast/base/hash.h"
#include "holdfast/bundle/byte_stream.h"
#include "holdfast/history/history.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct BundleMember {
    std::string name;
    std::uint64_t size = 0;
    Hash sha256{};
    std::string text;                       // its content, when it is a text
    std::unique_ptr<sqlite::Image> image;   // else this database's
};
// Reads every database once. `invalid`: a member of the backup is no database.
Result<std::vector<BundleMember>> bundle_members(Context& context, OpenRepository& opened, const history::Moment& moment);

}  // namespace holdfast::operations
