// differing_pages(): in which pages two images of a database differ.
#pragma once

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/page_set.h"

namespace holdfast::host {
class WorkerPool;
}

namespace holdfast::sqlite {

struct DifferingPages {
    PageSet all;             // whose bytes differ, and those that only one image has
    PageSet maybe_overflow;  // of those that both have: neither version begins as a page of a b-tree does
};
// Ranges whose hashes both images know, and which are equal,
// are not read; the others are, in the pool's threads when there is one. The images have the same page size (`invalid`
// otherwise).
Result<DifferingPages> differing_pages(const Image& one, const Image& other, const Watch& watch = {}, host::WorkerPool* pool = nullptr);

}  // namespace holdfast::sqlite
