// with_extent_names(): an image that knows its extents' hashes as a repository would name them, so that comparing it with a
// kept one need not unpack what is the same.
#pragma once

#include <memory>

#include "holdfast/base/progress.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// Reads the image once, in the pool's threads. The image must outlive it. Errors: the image's; cancelled.
Result<std::unique_ptr<sqlite::Image>> with_extent_names(const repository::Repository& repository, const sqlite::Image& image, host::WorkerPool& pool, const Watch& watch);

}  // namespace holdfast::history
