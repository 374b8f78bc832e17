#include "holdfast/bundle/archive_library.h"

#include <string>

#include "holdfast/base/text.h"
#include "holdfast/host/shared_library.h"

namespace holdfast::bundle {
namespace {

constexpr const char* file_name = "libarchive.so.13";

struct Loaded {
    ArchiveLibrary library;
    std::string trouble;  // empty: all is there

    Loaded() {
        const auto file = host::SharedLibrary::load(file_name);
        if (!file) {
            trouble = file.error().message();
            return;
        }
#define HOLDFAST_ARCHIVE(name) find(*file, "archive_" #name, library.name)
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
    }

    template <typename Function>
    void find(const host::SharedLibrary& file, const char* name, Function*& into) {
        into = reinterpret_cast<Function*>(file.function(name));
        if (into == nullptr) trouble = format("{} has no {}", file_name, name);
    }
};

}  // namespace

Result<const ArchiveLibrary*> archive_library() {
    static const Loaded loaded;
    if (loaded.trouble.empty()) return &loaded.library;
    return fail(ErrorCode::unavailable, "read or write a tar: {}", loaded.trouble).with_advice("apt install libarchive13");
}

}  // namespace holdfast::bundle
