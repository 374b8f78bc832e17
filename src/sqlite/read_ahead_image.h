// read_ahead_image(): an image as a database is read through SQLite: page by page, often again, and in a scan's order.
#pragma once

#include <memory>

#include "holdfast/host/worker_pool.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

struct ReadAheadOptions {
    std::size_t bytes_max = 16 * 1024 * 1024;  // kept, and on their way
    host::WorkerPool* pool = nullptr;          // null: nothing is read ahead
};
// The same pages, for images of which one page costs as much as the 64 KiB around it: those are kept, the least recently
// used dropped first. Where pages are asked for in the order in which a b-tree's inner page names its children, or in that
// of the file, what comes next is read meanwhile in the pool's threads. What cannot be read is tried again when it is asked
// for, those pages alone, and not remembered. `image` and the pool must outlive it; its destructor waits for what is on
// its way.
std::unique_ptr<Image> read_ahead_image(const Image& image, ReadAheadOptions options);

}  // namespace holdfast::sqlite
