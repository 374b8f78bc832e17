#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"

namespace holdfast::host {
namespace {

struct NewFile {
    std::string path;
    std::unique_ptr<File> file;
};

// A file of its own beside `path`: other writers of the same path, and leftovers of a crash, keep theirs.
Result<NewFile> create_beside(FileSystem& files, const std::string& path, std::uint32_t mode) {
    constexpr int attempts_max = 1000;
    const std::string folder = folder_of(path);
    for (int n = 0; n < attempts_max; ++n) {
        std::string name = join_path(folder, format(".{}.{}.new", file_name_of(path), n));
        auto file = files.create(name, mode);
        if (file) return NewFile{std::move(name), std::move(file).value()};
        if (file.error().code() != ErrorCode::exists) return std::move(file).error();
    }
    return fail(ErrorCode::exists, "replace {}: its folder is full of unfinished files", printable(path))
        .with_advice(format("remove the files .{}.*.new there", printable(file_name_of(path))));
}

Result<void> write_durably(File& file, ByteView bytes) {
    TRY(file.write_at(0, bytes));
    return file.sync();
}

}  // namespace

Result<Bytes> read_file(FileSystem& files, const std::string& path, std::uint64_t size_max) {
    const auto file = TRY(files.open_to_read(path));
    const std::uint64_t expected = TRY(file->size());
    const auto too_long = [&] {
        return fail(ErrorCode::corrupt, "read {}: it is larger than the {} allowed", printable(path),
                    human_bytes(size_max));
    };
    if (expected > size_max) return too_long();
    // One byte more than expected, so that the usual read ends at the end; files in /proc claim to have no bytes.
    constexpr std::size_t room_min = 4096;
    Bytes bytes;
    std::size_t filled = 0;
    for (std::size_t room = expected == 0 ? room_min : expected + 1;; room = std::max(bytes.size() * 2, room_min)) {
        bytes.resize(room);
        filled += TRY(file->read_at(filled, MutableByteView(bytes).subspan(filled)));
        if (filled > size_max) return too_long();
        if (filled < bytes.size()) break;
    }
    bytes.resize(filled);
    return bytes;
}

Result<bool> exists(FileSystem& files, const std::string& path) {
    return TRY(status_if_any(files, path)).has_value();
}

Result<std::optional<FileStatus>> status_if_any(FileSystem& files, const std::string& path) {
    auto status = files.status(path);
    if (status) return std::optional(*status);
    if (status.error().code() == ErrorCode::not_found) return std::optional<FileStatus>();
    return std::move(status).error();
}

Result<void> replace_atomically(FileSystem& files, const std::string& path, ByteView bytes, std::uint32_t mode) {
    auto fresh = TRY(create_beside(files, path, mode));
    auto done = write_durably(*fresh.file, bytes);
    if (done) done = files.rename(fresh.path, path);
    if (!done) {
        static_cast<void>(files.remove(fresh.path));
        return std::move(done).error().while_doing(format("replace {}", printable(path)));
    }
    return files.sync_folder(folder_of(path));
}

Result<void> make_folders_durably(FileSystem& files, const std::string& path, std::uint32_t mode) {
    std::vector<std::string> missing;  // the deepest first
    for (std::string at = path;; at = folder_of(at)) {
        const auto status = TRY(status_if_any(files, at));
        if (status && status->kind != FileKind::folder) {
            return fail(ErrorCode::exists, "make folder {}: {} is there and is no folder", printable(path),
                        printable(at));
        }
        if (status) break;
        if (folder_of(at) == at) return fail(ErrorCode::not_found, "make folder {}: no root", printable(path));
        missing.push_back(at);
    }
    for (; !missing.empty(); missing.pop_back()) {
        auto made = files.make_folder(missing.back(), mode);
        if (!made && made.error().code() != ErrorCode::exists) return made;  // exists: somebody else was faster
        TRY(files.sync_folder(folder_of(missing.back())));
    }
    return {};
}

namespace {

// What to do next on the way through a tree: a folder is met twice, before and after what is in it.
struct Visit {
    std::string path;
    bool emptied = false;
};

Result<void> ignore_missing(Result<void> done) {
    if (!done && done.error().code() == ErrorCode::not_found) return {};
    return done;
}

}  // namespace

Result<void> remove_tree(FileSystem& files, const std::string& folder) {
    std::vector<Visit> todo = {{folder}};
    while (!todo.empty()) {
        const Visit visit = std::move(todo.back());
        todo.pop_back();
        if (visit.emptied) {
            TRY(ignore_missing(files.remove_folder(visit.path)));
            continue;
        }
        auto status = files.status_of_link(visit.path);
        if (!status && status.error().code() == ErrorCode::not_found) continue;
        if (!status) return std::move(status).error();
        if (status->kind != FileKind::folder) {
            TRY(ignore_missing(files.remove(visit.path)));
            continue;
        }
        todo.push_back({visit.path, true});
        for (const auto& name : TRY(files.list(visit.path))) todo.push_back({join_path(visit.path, name)});
    }
    return {};
}

}  // namespace holdfast::host
