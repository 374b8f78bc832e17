#include "holdfast/operations/diff_files.h"

#include "holdfast/operations/difference_of_companions.h"

namespace holdfast::operations {

namespace {

Result<std::optional<repository::Snapshot>> snapshot_of(OpenRepository& opened, const FilesToDiff::Side& side) {
    if (side.number == 0) return std::optional<repository::Snapshot>();
    return std::optional(TRY(opened.get().snapshot({side.number})));
}

}  // namespace

Result<std::optional<FilesDifference>> diff_files(Context& context, OpenRepository* opened, const DiffRequest& request, const FilesToDiff& sides) {
    std::optional<FilesDifference> none;
    const bool is_of_databases = request.sql || !request.only.empty() || !request.tables.empty();
    const bool has_file = (sides.before.number == 0 && !sides.before.is_live) || (sides.after.number == 0 && !sides.after.is_live);
    if (opened == nullptr || is_of_databases || has_file) return none;
    const auto before = TRY(snapshot_of(*opened, sides.before)), after = TRY(snapshot_of(*opened, sides.after));
    if (!before && !after) return none;
    TRY(opened->get().open_index());
    const auto tree_of = [&](const std::optional<repository::Snapshot>& side, const repository::Snapshot& other) -> Result<std::unique_ptr<FileTree>> {
        if (side) return kept_files(opened->get(), *side);
        return live_files(context, TRY(plans_of_backup(context, request.repository, opened->path(), other)));
    };
    const auto old = TRY(tree_of(before, before ? *before : *after)), now = TRY(tree_of(after, after ? *after : *before));
    if (old->tops().empty() && now->tops().empty() && old->unknown().empty() && now->unknown().empty()) return none;
    auto found = TRY(difference_of_companions({.before = *old, .after = *now}, context.watch));
    if (request.stat) found.files.clear();
    return std::optional(std::move(found));
}

}  // namespace holdfast::operations
