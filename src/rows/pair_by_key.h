// PairByKey: rows for which none of the same rowid was found: they may be there under another. For this room only.
#pragma once

#include <vector>

#include "holdfast/rows/row_match.h"

namespace holdfast::rows {

class PairByKey {
public:
    using Tell = std::function<Result<void>(const RowChange&)>;
    enum class Rows : std::uint8_t { given, left_out };  // of what is removed or added, in what is told

    void add(Which which, std::int64_t row_id, std::uint64_t key_hash) { (which == Which::before ? before_ : after_).push_back({key_hash, row_id}); }
    // Rows of which both sides have the key: changed, or only moved. What is left is gone, or new.
    Result<void> run(const RowMatch& match, Rows rows, const Tell& tell, const GoOn& go_on);

private:
    struct Unpaired {
        std::uint64_t key_hash = 0;
        std::int64_t row_id = 0;
    };
    std::vector<Unpaired> before_, after_;
};

}  // namespace holdfast::rows
