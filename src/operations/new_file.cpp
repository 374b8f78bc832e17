#include "holdfast/operations/new_file.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

Result<bool> write_if_absent(const host::Host& host, const NewFile& file) {
    auto& files = host.files;
    if (files.status_of_link(file.path)) return false;
    const auto begun = format("{}.{}.new", file.path, to_hex(host::random_bytes(host.random, 4)));
    const auto write = [&]() -> Result<void> {
        const auto opened = TRY(files.create(begun, file.mode));
        TRY(opened->write_at(0, bytes_of(file.text)));
        TRY(opened->sync());
        TRY(files.rename_if_absent(begun, file.path));
        return files.sync_folder(host::folder_of(file.path));
    };
    auto written = write();
    if (written) return true;
    (void)files.remove(begun);
    if (written.error().code() == ErrorCode::exists) return false;
    return std::move(written).error();
}

}  // namespace holdfast::operations
