// The newest backups of a source that are known to be damaged, while nothing newer is known to be better.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "holdfast/history/history.h"

namespace holdfast::operations {

// Each backup is as deep proven as somebody has looked: by its own backup, by verification at a level, by a drill. Found
// damaged are those at the new end of the past that were bad at a depth to which no newer one was found good; and those
// that hold, chunk for chunk, what was found damaged in another and have not been proven since.
class FoundDamaged {
public:
    // Of one source, in ascending order, forgotten ones left out. The moments outlive it.
    explicit FoundDamaged(const std::vector<history::Moment>& moments);
    bool is_known_bad(const history::Moment& moment) const;
    const std::vector<const history::Moment*>& newest() const { return newest_; }  // ascending
    // For people; "": there are none.
    std::string in_words() const;

private:
    std::set<Bytes> bad_contents_;
    std::vector<const history::Moment*> newest_;
};

}  // namespace holdfast::operations
