#include "holdfast/operations/raw_file_source.h"

namespace holdfast::operations {

Result<RawFileSource> RawFileSource::open(Context& context, const std::string& path) {
    auto kind = sqlite::RawFileKind::database;
    if (path.ends_with("-wal")) kind = sqlite::RawFileKind::wal;
    if (path.ends_with("-journal")) kind = sqlite::RawFileKind::journal;
    const auto status = TRY(context.host.files.status(path));
    auto file = TRY(sqlite::RawFile::open(path, {.vfs = context.vfs, .kind = kind}));
    repository::DirectoryEntry entry;
    entry.name = path;
    entry.type = repository::EntryType::raw;
    entry.mode = status.mode;
    entry.owner = status.owner;
    entry.group = status.group;
    entry.modified = status.modified;
    entry.content.size = TRY(file.size());
    return RawFileSource(std::move(file), std::move(entry));
}

}  // namespace holdfast::operations
