// libarchive, loaded when the first archive is met: with what it leans on it costs every start of the program 2.5 ms.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "holdfast/base/error.h"

namespace holdfast::bundle {

// The functions used, under their own names without the prefix.
struct ArchiveLibrary {
#define HOLDFAST_ARCHIVE(name) decltype(&::archive_##name) name = nullptr
    HOLDFAST_ARCHIVE(error_string);
    HOLDFAST_ARCHIVE(read_new);
    HOLDFAST_ARCHIVE(read_support_format_tar);
    HOLDFAST_ARCHIVE(read_set_format_option);
    HOLDFAST_ARCHIVE(read_open);
    HOLDFAST_ARCHIVE(read_next_header);
    HOLDFAST_ARCHIVE(read_data);
    HOLDFAST_ARCHIVE(read_free);
    HOLDFAST_ARCHIVE(write_new);
    HOLDFAST_ARCHIVE(write_set_format_pax_restricted);
    HOLDFAST_ARCHIVE(write_set_bytes_in_last_block);
    HOLDFAST_ARCHIVE(write_open);
    HOLDFAST_ARCHIVE(write_header);
    HOLDFAST_ARCHIVE(write_data);
    HOLDFAST_ARCHIVE(write_finish_entry);
    HOLDFAST_ARCHIVE(write_close);
    HOLDFAST_ARCHIVE(write_free);
    HOLDFAST_ARCHIVE(entry_new);
    HOLDFAST_ARCHIVE(entry_free);
    HOLDFAST_ARCHIVE(entry_pathname);
    HOLDFAST_ARCHIVE(entry_filetype);
    HOLDFAST_ARCHIVE(entry_hardlink);
    HOLDFAST_ARCHIVE(entry_size);
    HOLDFAST_ARCHIVE(entry_symlink);
    HOLDFAST_ARCHIVE(entry_perm);
    HOLDFAST_ARCHIVE(entry_mtime);
    HOLDFAST_ARCHIVE(entry_mtime_nsec);
    HOLDFAST_ARCHIVE(entry_set_pathname);
    HOLDFAST_ARCHIVE(entry_set_size);
    HOLDFAST_ARCHIVE(entry_set_filetype);
    HOLDFAST_ARCHIVE(entry_set_symlink);
    HOLDFAST_ARCHIVE(entry_set_perm);
    HOLDFAST_ARCHIVE(entry_set_mtime);
#undef HOLDFAST_ARCHIVE
};

// `unavailable`, naming the package, when it is not there. It stays for the rest of the program's life.
Result<const ArchiveLibrary*> archive_library();

}  // namespace holdfast::bundle
