#include "holdfast/operations/adoptable_files.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/bundle/content_kind.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/operations/copy_on_its_way.h"
#include "holdfast/operations/outside_time.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using bundle::ContentKind;

Result<ContentKind> kind_of_file(Context& context, const std::string& path) {
    constexpr std::size_t head_max = 4096;
    const auto file = TRY(context.host.files.open_to_read(path));
    Bytes head(head_max);
    head.resize(TRY(file->read_at(0, head)));
    return bundle::kind_of(head);
}

bool may_hold_a_database(ContentKind kind) {
    switch (kind) {
        case ContentKind::empty:
        case ContentKind::wal:
        case ContentKind::journal:
        case ContentKind::json:
        case ContentKind::other: return false;
        default: return true;
    }
}

Timestamp about_when(Context& context, const AdoptableFile& file, Timestamp modified) {
    const auto time = time_of(context, {.names = {bundle::without_layers(host::file_name_of(file.path))}, .folders = file.folders, .modified = modified});
    return time ? time->time : modified;
}

class Collecting {
public:
    Collecting(Context& context, const std::string& excepted) : context_(context), excepted_(excepted) {}

    Result<void> take(const std::string& name) {
        const std::string path = TRY(context_.host.files.canonical(name));
        const auto status = TRY(context_.host.files.status(path));
        if (status.kind != host::FileKind::folder) {
            add({.path = path, .folders = {host::file_name_of(host::folder_of(path))}, .is_named = true}, status.modified);
            return {};
        }
        return take_folder(path);
    }
    AdoptableFiles result() && {
        std::ranges::stable_sort(found_.files, [](const auto& a, const auto& b) { return std::pair(a.about, a.path) < std::pair(b.about, b.path); });
        return std::move(found_);
    }

private:
    struct Folder {
        std::string path;
        std::vector<std::string> names;  // from its own to that of the one that was named
    };

    Result<void> take_folder(const std::string& path) {
        constexpr std::size_t depth_max = 16;
        std::vector<Folder> todo = {{path, {host::file_name_of(path)}}};
        while (!todo.empty()) {
            TRY(context_.watch.go_on());
            const Folder folder = std::move(todo.back());
            todo.pop_back();
            if (!refuse_inside_repository(context_, host::join_path(folder.path, "x"))) continue;
            for (const auto& name : TRY(context_.host.files.list(folder.path))) {
                const std::string inside = host::join_path(folder.path, name);
                const auto status = context_.host.files.status_of_link(inside);
                if (!status || name.starts_with(format(".{}.", copy_on_its_way_name))) continue;
                if (status->kind == host::FileKind::folder && folder.names.size() <= depth_max) {
                    todo.push_back({inside, folder.names});
                    todo.back().names.insert(todo.back().names.begin(), name);
                }
                if (status->kind == host::FileKind::regular) look_at({.path = inside, .folders = folder.names}, status->modified);
            }
        }
        return {};
    }

    // Closing a file that SQLite has open in this process would drop its locks; none is open yet.
    void look_at(AdoptableFile file, Timestamp modified) {
        if (file.path == excepted_) return;
        const auto kind = kind_of_file(context_, file.path);
        if (!kind) found_.warnings.push_back(format("{} was passed over: {}", printable(file.path), kind.error().message()));
        if (kind && may_hold_a_database(*kind)) add(std::move(file), modified);
        else ++found_.passed_over;
    }
    void add(AdoptableFile file, Timestamp modified) {
        if (!seen_.insert(file.path).second) return;
        file.about = about_when(context_, file, modified);
        found_.files.push_back(std::move(file));
    }

    Context& context_;
    const std::string& excepted_;
    std::set<std::string> seen_;
    AdoptableFiles found_;
};

}  // namespace

Result<AdoptableFiles> adoptable_files(Context& context, const std::vector<std::string>& names, const std::string& excepted) {
    Collecting collecting(context, excepted);
    for (const auto& name : names) TRY(collecting.take(name));
    return std::move(collecting).result();
}

}  // namespace holdfast::operations
