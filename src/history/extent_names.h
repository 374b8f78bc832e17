// with_extent_names(): an image that knows its extents' hashes as a repository would name them, so that comparing it with a
// kept one need not unpack what is the same.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "holdfast/base/progress.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// How a database was kept the last time: what has not changed since need not be named again, where the local cache of that
// backup is still there.
struct LastKept {
    std::array<std::byte, 16> source{};
    repository::DirectoryEntry entry;
};
struct ExtentNaming {
    const repository::Repository& repository;
    host::WorkerPool& pool;
    std::optional<LastKept> last = {};
    // as_last: its content is known to be that of `last`, but for what commits count in the header. Then the first extent alone
    // is read; all of them, where a name cannot be read in the repository.
    enum class Content : std::uint8_t { may_differ, as_last } content = Content::may_differ;
};
// Reads the image at most once, in the pool's threads. The image must outlive it. Errors: the image's; cancelled.
Result<std::unique_ptr<sqlite::Image>> with_extent_names(const sqlite::Image& image, const ExtentNaming& naming, const Watch& watch);

}  // namespace holdfast::history
