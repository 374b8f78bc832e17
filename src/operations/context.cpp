#include "holdfast/operations/context.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

bool looks_like_a_database(const std::string& name) {
    return std::ranges::any_of(std::initializer_list<std::string_view>{".db", ".sqlite", ".sqlite3", ".db3", ".s3db", ".sdb"},
                               [&](std::string_view end) { return name.ends_with(end); });
}

// Of a path that is not there: the databases that are.
std::string databases_near(host::FileSystem& files, const std::string& path) {
    constexpr std::size_t shown_max = 5;
    auto names = files.list(host::folder_of(path));
    if (!names) return format("there is no folder {}", printable(host::folder_of(path)));
    std::erase_if(*names, [](const std::string& name) { return !looks_like_a_database(name); });
    std::ranges::sort(*names);
    if (names->empty()) return "there is no database in its folder";
    std::string text = "in its folder are";
    for (std::size_t i = 0; i < std::min(names->size(), shown_max); ++i) {
        text += (i == 0 ? " " : ", ") + printable((*names)[i]);
    }
    return names->size() > shown_max ? format("{} and {} more", text, names->size() - shown_max) : text;
}

// Its folder is resolved, and it is not.
void remember_link(Context& context, const std::string& name, const std::string& canonical) {
    const auto status = context.host.files.status_of_link(name);
    if (!status || status->kind != host::FileKind::link) return;
    const auto folder = context.host.files.canonical(host::folder_of(name));
    if (folder) context.links.insert_or_assign(canonical, host::join_path(*folder, host::file_name_of(name)));
}

}  // namespace

Result<std::string> canonical_name(Context& context, const std::string& path) {
    auto canonical = TRY(host::canonical_or_future(context.host.files, path));
    remember_link(context, path, canonical);
    return canonical;
}

Result<std::string> canonical_database(Context& context, const std::string& path) {
    host::FileSystem& files = context.host.files;
    if (path.empty()) return fail(ErrorCode::invalid, "which database: the path is empty");
    auto canonical = files.canonical(path);
    if (!canonical) {
        if (canonical.error().code() != ErrorCode::not_found) return canonical;
        const auto link = files.status_of_link(path);
        if (link && link->kind == host::FileKind::link) {
            return fail(ErrorCode::not_found, "{} is a link to {}, which is not there", printable(path),
                        printable(files.read_link(path).value_or("something")))
                .with_advice("put the database back there, or name another");
        }
        if (host::exists(files, path + ".set-aside").value_or(false)) {
            return fail(ErrorCode::not_found, "there is no {}: a fresh start was interrupted, and its files lie aside", printable(path))
                .with_advice("holdfast fresh says which file lies where");
        }
        return fail(ErrorCode::not_found, "there is no {}", printable(path)).with_advice(databases_near(files, path));
    }
    const auto status = TRY(files.status(*canonical));
    if (status.kind == host::FileKind::regular) {
        remember_link(context, path, *canonical);
        return canonical;
    }
    return fail(ErrorCode::invalid, "use {} as a database: it is {}", printable(path),
                status.kind == host::FileKind::folder ? "a folder" : "not a file")
        .with_advice(status.kind == host::FileKind::folder ? databases_near(files, host::join_path(path, "x"))
                                                           : std::string("name the database's own file"));
}

}  // namespace holdfast::operations
