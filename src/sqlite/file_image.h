// A file that holds still (locked, restored or copied) as an image.
#pragma once

#include "holdfast/sqlite/image.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::sqlite {

// The first `pages` pages of the file; pages past its end are zeros, as SQLite reads them. Keeps a reference to it.
std::unique_ptr<Image> file_image(const RawFile& file, PageSize page_size, PageNumber pages);

// Another image with its header changed to rollback mode (bytes 18/19 = 1), so that a reader needs no -wal.
// Used for serving; never for keeping or hashing. Keeps a reference to it.
std::unique_ptr<Image> as_rollback_image(const Image& image);

}  // namespace holdfast::sqlite
