// A kept image unpacked into a nameless file: for readers who jump about in it, as SQLite's check does. Out of a
// repository each jump would unpack the 64 KiB that the page lies in.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// Null, and no error, where it is not worth it or must not be: the image is small, the repository is sealed (nothing of it
// is written in the clear), or the user's cache folder has no room for it. Takes as much disk as the image has bytes,
// until it is destroyed; the file has no name from the beginning, so that nothing is left after a crash.
// Errors: the image's own (`corrupt`), `cancelled`.
Result<std::unique_ptr<sqlite::Image>> spool(Context& context, const repository::Repository& repository, const sqlite::Image& image);

}  // namespace holdfast::operations
