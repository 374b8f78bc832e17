// is_live_image(): whether a database others are using holds an image now, as a restore of it would leave it.
#pragma once

#include <string>

#include "holdfast/live/freeze.h"

namespace holdfast::live {

// But for what mask_header_of_live_restore() hides: what a commit counts up. The database is frozen, and read as far as it
// agrees; an image of another page size or length is not read at all. An Error: one of them could not be read.
Result<bool> is_live_image(host::Host host, const std::string& path, const sqlite::Image& image, const FreezeOptions& options, const Watch& watch);

}  // namespace holdfast::live
