#include "holdfast/rows/page_difference.h"

#include <algorithm>

#include "holdfast/rows/names.h"
#include "holdfast/sqlite/overflow_changes.h"

namespace holdfast::rows {
namespace {

std::uint32_t pages_of_a_range(const sqlite::Image& image) { return std::min<std::uint32_t>(image.last_page().value, 65536 / image.page_size().bytes()); }

// Pages of a database out of a repository are unpacked with their neighbours; those of a file cost nothing.
void lean(Side& before, Side& after, const sqlite::PageSet& differing) {
    const bool before_is_cheap = !before.image->known_hash({sqlite::PageNumber{1}, pages_of_a_range(*before.image)});
    if (before_is_cheap) after.trees->lean_on(*before.image, differing);
    else before.trees->lean_on(*after.image, differing);
}

std::vector<sqlite::TreeToSearch> trees_to_search(const Side& before, const Side& after, const CountByPage* counting) {
    std::vector<sqlite::TreeToSearch> trees;
    for (const auto& table : before.schema.tables) {
        const Table* other = after.schema.find(table.name);
        if (table.root.value == 0 || !other || other->root.value == 0) continue;
        const sqlite::TreeRoots roots{table.root, other->root};
        const bool is_explained = counting && counting->is_counted(roots);
        trees.push_back({.roots = roots, .kind = is_explained ? sqlite::TreeToSearch::Kind::of_rows_explained : sqlite::TreeToSearch::Kind::of_rows});
    }
    for (const auto& index : before.schema.indexes) {
        const auto other = std::ranges::find_if(after.schema.indexes, [&](const auto& one) { return is_same_name(one.name, index.name); });
        if (other != after.schema.indexes.end()) trees.push_back({.roots = {index.root, other->root}, .kind = sqlite::TreeToSearch::Kind::index});
    }
    return trees;
}

}  // namespace

bool have_pages_alike(const Side& before, const Side& after) { return before.trees && after.trees && before.image->page_size() == after.image->page_size(); }

Result<void> PageDifference::look(Side& before, Side& after, const Request& request) {
    if (is_looked_for_ || !have_pages_alike(before, after)) return {};
    doubtful_ = TRY(sqlite::doubtful_pages(*before.image, *after.image, request.watch));
    lean(before, after, doubtful_->pages);
    if (request.counting) request.counting->begin();
    differing_ = TRY(sqlite::differing_pages(*before.image, *after.image, *doubtful_, {.watch = request.watch, .pool = request.pool, .visitor = request.counting}));
    lean(before, after, differing_->all);
    if (request.counting) request.counting->explain(*differing_);
    const auto leaves = TRY(sqlite::add_pages_of_changed_overflow({.before = *before.trees, .after = *after.trees, .differing = &differing_->all}, trees_to_search(before, after, request.counting), *differing_, request.watch));
    if (request.counting) request.counting->finish(*differing_, leaves, request.go_on);
    is_looked_for_ = true;
    return {};
}

}  // namespace holdfast::rows
