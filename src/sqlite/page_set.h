// PageSet: a set of page numbers of an image, one bit each.
#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/sqlite/page.h"

namespace holdfast::sqlite {

class PageSet {
public:
    PageSet() = default;
    explicit PageSet(PageNumber last) : words_(last.value / 64 + 1) {}
    // Numbers behind the last one, and 0, are never in it.
    bool contains(PageNumber page) const { return page.value / 64 < words_.size() && ((words_[page.value / 64] >> (page.value % 64)) & 1) != 0; }
    // False: it was in it already. The number is at most the last one.
    bool insert(PageNumber page) {
        if (contains(page)) return false;
        words_.at(page.value / 64) |= std::uint64_t{1} << (page.value % 64);
        ++count_;
        return true;
    }
    void remove(PageNumber page) {
        if (!contains(page)) return;
        words_[page.value / 64] &= ~(std::uint64_t{1} << (page.value % 64));
        --count_;
    }
    std::uint64_t count() const { return count_; }
    bool is_empty() const { return count_ == 0; }
    // In ascending order.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (std::size_t word = 0; word < words_.size(); ++word) {
            for (std::uint32_t bit = 0; words_[word] != 0 && bit < 64; ++bit) {
                if (((words_[word] >> bit) & 1) != 0) visit(PageNumber{static_cast<std::uint32_t>(word * 64 + bit)});
            }
        }
    }

private:
    std::vector<std::uint64_t> words_;
    std::uint64_t count_ = 0;
};

}  // namespace holdfast::sqlite
