#include "holdfast/repository/number_set.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

enum Tag : std::uint32_t { range = 1, first_number = 1, last_number = 3 };

}  // namespace

void NumberSet::add_range(std::uint64_t first, std::uint64_t last) {
    HOLDFAST_ASSERT(first >= 1 && first <= last && last <= snapshot_number_max);
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin()) {
        const auto before = std::prev(at);
        if (before->second >= first - 1) at = before;
    }
    // Every range that overlaps or touches is swallowed.
    while (at != ranges_.end() && at->first <= last + 1) {
        first = std::min(first, at->first);
        last = std::max(last, at->second);
        at = ranges_.erase(at);
    }
    ranges_[first] = last;
}

void NumberSet::add_all(const NumberSet& others) {
    for (const auto& [first, last] : others.ranges_) add_range(first, last);
}

bool NumberSet::contains(SnapshotNumber number) const {
    const auto after = ranges_.upper_bound(number.value);
    return after != ranges_.begin() && std::prev(after)->second >= number.value;
}

SnapshotNumber NumberSet::highest() const { return {ranges_.empty() ? 0 : ranges_.rbegin()->second}; }

Bytes NumberSet::encode() const {
    RecordWriter record;
    for (const auto& [first, last] : ranges_) {
        RecordWriter one;
        one.number(Tag::first_number, first);
        one.number(Tag::last_number, last);
        record.record(Tag::range, one);
    }
    return std::move(record).take();
}

Result<NumberSet> NumberSet::decode(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "gap"));
    NumberSet numbers;
    for (const ByteView range : record.all(Tag::range)) {
        auto one = TRY(RecordReader::parse(range, "gap"));
        const auto first = TRY(one.number(Tag::first_number));
        const auto last = TRY(one.number(Tag::last_number));
        TRY(one.finish());
        if (first == 0 || first > last || last > snapshot_number_max) return fail(ErrorCode::corrupt, "read gap: the range {} to {}", first, last);
        numbers.add_range(first, last);
    }
    TRY(record.finish());
    return numbers;
}

}  // namespace holdfast::repository
