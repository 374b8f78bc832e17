// NumberSet: a set of snapshot numbers, kept as ranges: what gap records hold.
#pragma once

#include <cstdint>
#include <map>

#include "holdfast/base/record.h"
#include "holdfast/repository/format.h"

namespace holdfast::repository {

constexpr std::uint64_t snapshot_number_max = 999'999'999'999'999;

class NumberSet {
public:
    void add(SnapshotNumber number) { add_range(number.value, number.value); }
    void add_range(std::uint64_t first, std::uint64_t last);  // both included
    void add_all(const NumberSet& others);
    bool contains(SnapshotNumber number) const;
    bool empty() const { return ranges_.empty(); }
    SnapshotNumber highest() const;  // 0 when empty
    const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ranges_; }  // first → last; never touching
    bool operator==(const NumberSet&) const = default;

    Bytes encode() const;  // record { 1: record { 1 first, 3 last } … }
    static Result<NumberSet> decode(ByteView record);

private:
    std::map<std::uint64_t, std::uint64_t> ranges_;
};

}  // namespace holdfast::repository
