#include "holdfast/rows/pair_by_key.h"

#include <algorithm>

namespace holdfast::rows {
namespace {

// False: they only share the hash of their keys.
Result<bool> take_pair(const RowMatch& match, std::int64_t mine, std::int64_t theirs, const PairByKey::Tell& tell) {
    const Row before = TRY(match.fetch(Which::before, mine)), after = TRY(match.fetch(Which::after, theirs));
    if (!match.has_same_key(before, after, Nulls::differ)) return false;
    const auto change = TRY(match.is_same_row(before, after)) ? Change::moved : Change::changed;
    TRY(tell({.change = change, .before = &before, .after = &after}));
    return true;
}

}  // namespace

Result<void> PairByKey::run(const RowMatch& match, Rows rows, const Tell& tell, const GoOn& go_on) {
    std::ranges::sort(before_, {}, &Unpaired::key_hash);
    std::ranges::sort(after_, {}, &Unpaired::key_hash);
    std::vector<bool> is_paired(after_.size());
    std::vector<std::int64_t> gone, came;
    std::size_t at = 0;
    for (const auto& mine : before_) {
        while (at < after_.size() && after_[at].key_hash < mine.key_hash) ++at;
        bool is_found = false;
        for (std::size_t i = at; i < after_.size() && after_[i].key_hash == mine.key_hash && !is_found; ++i) {
            if (is_paired[i]) continue;
            TRY(go_on());
            is_found = TRY(take_pair(match, mine.row_id, after_[i].row_id, tell));
            if (is_found) is_paired[i] = true;
        }
        if (!is_found) gone.push_back(mine.row_id);
    }
    for (std::size_t i = 0; i < after_.size(); ++i) {
        if (!is_paired[i]) came.push_back(after_[i].row_id);
    }
    std::ranges::sort(gone);
    std::ranges::sort(came);
    for (const std::int64_t row_id : gone) {
        const auto row = rows == Rows::given ? std::optional(TRY(match.fetch(Which::before, row_id))) : std::nullopt;
        TRY(tell({.change = Change::removed, .before = row ? &*row : nullptr}));
    }
    for (const std::int64_t row_id : came) {
        const auto row = rows == Rows::given ? std::optional(TRY(match.fetch(Which::after, row_id))) : std::nullopt;
        TRY(tell({.change = Change::added, .before = nullptr, .after = row ? &*row : nullptr}));
    }
    return {};
}

}  // namespace holdfast::rows
