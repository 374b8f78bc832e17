// Set copies: a backup's companions, or the whole of it as a bundle, also as archives in a folder, rotated by counts of their own.
#pragma once

#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/plain_copy_order.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

// One table of the settings, [[source.NAME.set_copies]].
struct SetCopyOrder {
    std::string of;        // the companion's canonical path; empty: the whole set
    PlainCopyOrder files;
};
// `invalid`: a template that does not tell archives apart, or tells another format; a folder in a repository.
Result<std::vector<SetCopyOrder>> set_copy_orders(Context& context, const LoadedSettings& loaded, const std::string& source);

// As make_plain_copies(), with the same catalogue: written and proven before anything changes, and an archive that is there
// already is enough. What is missing in the backup, or may be of another moment than the rest, is not copied: it would push
// good ones out.
PlainCopiesReport make_set_copies(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot, const std::vector<SetCopyOrder>& orders);

// As rehearse_plain_copies(). Whether a companion would be in the backup is not known: it is taken to be.
Result<PlainCopiesReport> rehearse_set_copies(Context& context, const repository::Snapshot& snapshot, const std::vector<SetCopyOrder>& orders);

// `invalid`: a name, or template of names, that says another format than a tar with that compression.
Result<void> expect_true_tar_name(const std::string& name, const std::string& compress);

}  // namespace holdfast::operations
