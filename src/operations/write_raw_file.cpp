#include "holdfast/operations/write_raw_file.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t step_bytes = 4 * 1024 * 1024;

Result<void> copy_bytes(Context& context, const repository::ContentReader& content, host::File& file) {
    const std::uint64_t size = content.content().size;
    Buffer buffer(std::min(size, step_bytes));
    for (std::uint64_t at = 0; at < size; at += step_bytes) {
        TRY(context.watch.go_on());
        const auto part = buffer.span().first(std::min(step_bytes, size - at));
        TRY(content.read(at, part));
        TRY(file.write_at(at, part));
        context.watch.at({.phase = "restoring", .done = at + part.size(), .total = size});
    }
    return file.sync();
}

}  // namespace

Result<void> write_raw_file(Context& context, const repository::Repository& repository,
                            const repository::DirectoryEntry& entry, const std::string& path) {
    host::FileSystem& files = context.host.files;
    const auto content = TRY(repository.open_content(entry));
    constexpr std::uint32_t folder_mode = 0755;
    TRY(host::make_folders_durably(files, host::folder_of(path), folder_mode));
    const std::string aside = format("{}.{:016x}.new", path, host::random_u64(context.host.random));
    auto done = [&]() -> Result<void> {
        const auto file = TRY(files.create(aside, entry.mode));
        TRY(copy_bytes(context, *content, *file));
        return files.rename_if_absent(aside, path);
    }();
    if (!done) {
        static_cast<void>(files.remove(aside).ok());
        return done;
    }
    return files.sync_folder(host::folder_of(path));
}

}  // namespace holdfast::operations
