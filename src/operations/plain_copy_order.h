// PlainCopyOrder: which plain copies a backup is to make, from its flags and the settings of its source.
#pragma once

#include <optional>
#include <string>

#include "holdfast/base/compress_stream.h"
#include "holdfast/bundle/copy_name.h"
#include "holdfast/history/retention_policy.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/settings.h"

namespace holdfast::operations {

struct PlainCopyOrder {
    std::string folder;                           // canonical
    bundle::CopyTemplate name;
    std::optional<bundle::CopyTemplate> latest;
    std::string metadata;                         // empty: none
    std::string compress = "none";                // a word of the settings
    history::RetentionPolicy policy;              // of the copies of one database
    bool counts_kinds_together = false;           // the policy's automatic rule is for all of them
};

// None: no copies are asked for. `invalid`, before anything is made: a template that does not tell copies apart, a folder
// in a repository, flags without a folder.
Result<std::optional<PlainCopyOrder>> plain_copy_order(Context& context, const BackupRequest& request);

// The rule of settings: without keep_* lines the newest 10 of automatic backups, and all of manual ones.
Result<PlainCopyOrder> with_rule(PlainCopyOrder order, const PlainCopySettings& settings);

std::optional<StreamFormat> stream_format(const std::string& compress);
std::string with_ending(std::string name, const std::string& compress);  // of its layer: ".gz", ".zst" or none, once
// `invalid`: a name, or template of names, that says another format than the copies will have.
Result<void> expect_true_copy_name(const std::string& name, const std::string& compress);

}  // namespace holdfast::operations
