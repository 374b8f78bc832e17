#include "holdfast/operations/adoptable_files.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/bundle/backup_name.h"
#include "holdfast/bundle/content_kind.h"
#include "holdfast/bundle/named_layers.h"
#include "holdfast/operations/copy_on_its_way.h"
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

Timestamp about_when(const std::string& path, Timestamp modified) {
    const auto name = bundle::read_backup_name(bundle::without_layers(host::file_name_of(path)));
    if (!name.time) return modified;
    const auto time = name.is_utc ? timestamp_of(*name.time, 0) : host::local_to_utc(*name.time);
    return time ? *time : modified;
}

class Collecting {
public:
    Collecting(Context& context, const std::string& excepted) : context_(context), excepted_(excepted) {}

    Result<void> take(const std::string& name) {
        const std::string path = TRY(context_.host.files.canonical(name));
        const auto status = TRY(context_.host.files.status(path));
        if (status.kind != host::FileKind::folder) {
            add({.path = path, .about = about_when(path, status.modified), .is_named = true});
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
        int depth = 0;
    };

    Result<void> take_folder(const std::string& path) {
        constexpr int depth_max = 16;
        std::vector<Folder> todo = {{path, 0}};
        while (!todo.empty()) {
            TRY(context_.watch.go_on());
            const Folder folder = std::move(todo.back());
            todo.pop_back();
            if (!refuse_inside_repository(context_, host::join_path(folder.path, "x"))) continue;
            for (const auto& name : TRY(context_.host.files.list(folder.path))) {
                const std::string inside = host::join_path(folder.path, name);
                const auto status = context_.host.files.status_of_link(inside);
                if (!status || name.starts_with(format(".{}.", copy_on_its_way_name))) continue;
                if (status->kind == host::FileKind::folder && folder.depth < depth_max) todo.push_back({inside, folder.depth + 1});
                if (status->kind == host::FileKind::regular) look_at(inside, status->modified);
            }
        }
        return {};
    }

    // Closing a file that SQLite has open in this process would drop its locks; none is open yet.
    void look_at(const std::string& path, Timestamp modified) {
        if (path == excepted_) return;
        const auto kind = kind_of_file(context_, path);
        if (!kind) found_.warnings.push_back(format("{} was passed over: {}", printable(path), kind.error().message()));
        if (kind && may_hold_a_database(*kind)) add({.path = path, .about = about_when(path, modified)});
        else ++found_.passed_over;
    }
    void add(AdoptableFile file) {
        if (seen_.insert(file.path).second) found_.files.push_back(std::move(file));
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
