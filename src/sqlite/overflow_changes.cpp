#include "holdfast/sqlite/overflow_changes.h"

#include "holdfast/sqlite/page_owners.h"

namespace holdfast::sqlite {
namespace {

class Explaining {
public:
    Explaining(const TreeVersions& versions, DifferingPages& differing, const Watch& watch)
        : versions_(versions), differing_(differing), watch_(watch), unexplained_(std::move(differing.maybe_overflow)) {}

    Result<std::vector<PageNumber>> run(const std::vector<TreeToSearch>& trees) {
        if (unexplained_.is_empty()) return std::move(added_);
        TRY(leave_out_free());
        for (const auto kind : {TreeToSearch::Kind::of_rows, TreeToSearch::Kind::index}) {
            for (const auto& tree : trees) {
                if (tree.kind == kind && !unexplained_.is_empty()) TRY(explain_by_changed(tree.roots));
            }
        }
        for (const auto& tree : trees) {
            if (tree.kind != TreeToSearch::Kind::index && !unexplained_.is_empty()) TRY(search(tree.roots));
        }
        return std::move(added_);
    }

private:
    Result<void> leave_out_free() {
        const auto before = TRY(versions_.before.free_pages()), after = TRY(versions_.after.free_pages());
        std::vector<PageNumber> out;
        unexplained_.for_each([&](PageNumber page) {
            if (before.contains(page) || after.contains(page) || is_pointer_map(versions_.before.header(), page) || is_pointer_map(versions_.after.header(), page)) out.push_back(page);
        });
        for (const PageNumber page : out) unexplained_.remove(page);
        return {};
    }

    // The rows of changed leaves are compared anyway, to their ends.
    Result<void> explain_by_changed(TreeRoots roots) {
        auto changed = TRY(changed_spots(versions_, roots));
        TRY(explain(versions_.before, std::move(changed.before)));
        return explain(versions_.after, std::move(changed.after));
    }
    Result<void> explain(const TreeReader& reader, std::vector<TreeSpot> spots) {
        TreeCursor cursor(reader, std::move(spots));
        while (!unexplained_.is_empty() && TRY(cursor.next())) {
            TRY(watch_.go_on());
            if (cursor.payload().is_local()) continue;
            for (const PageNumber page : TRY(cursor.payload().chain())) unexplained_.remove(page);
        }
        return {};
    }

    Result<void> search(TreeRoots roots) {
        auto changed = TRY(changed_spots(versions_, roots));
        TreeCursor cursor(versions_.after, std::move(changed.shared));
        while (!unexplained_.is_empty() && TRY(cursor.next())) {
            TRY(watch_.go_on());
            if (cursor.payload().is_local()) continue;
            for (const PageNumber page : TRY(cursor.payload().chain())) {
                if (!unexplained_.contains(page)) continue;
                unexplained_.remove(page);
                if (differing_.all.insert(cursor.page())) added_.push_back(cursor.page());
            }
        }
        return {};
    }

    const TreeVersions& versions_;
    DifferingPages& differing_;
    const Watch& watch_;
    PageSet unexplained_;
    std::vector<PageNumber> added_;
};

}  // namespace

Result<std::vector<PageNumber>> add_pages_of_changed_overflow(const TreeVersions& versions, const std::vector<TreeToSearch>& trees, DifferingPages& differing, const Watch& watch) {
    return Explaining(versions, differing, watch).run(trees);
}

}  // namespace holdfast::sqlite
