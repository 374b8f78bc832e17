// What lies below a folder, as one text: for comparing trees before and after.
#pragma once

#include <algorithm>
#include <string>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "support/results.h"

namespace holdfast::tests {

struct TreeText {
    bool with_folder_looks = true;  // modes, times and owners of folders, and owners of links
};
// A line for each thing: kind, mode, time, name, and content or target.
inline std::string tree_of(host::FileSystem& files, const std::string& top, TreeText how = {}) {
    std::string text;
    std::vector<std::string> open{top};
    while (!open.empty()) {
        const std::string path = open.back();
        open.pop_back();
        const auto status = files.status_of_link(path);
        if (!status) {
            text += format("{}: {}\n", path, name_of(status.error().code()));
            continue;
        }
        const std::string owner = format(" {}:{}", status->owner, status->group);
        const std::string time = format(" {}", status->modified.nanoseconds);
        if (status->kind == host::FileKind::link) {
            text += format("link{}{} {} -> {}\n", how.with_folder_looks ? owner : std::string(), time, path, must(files.read_link(path)));
        } else if (status->kind == host::FileKind::regular) {
            const auto bytes = must(host::read_file(files, path, 1 << 24));
            text += format("file {:o}{} {}: {}\n", status->mode, time, path, printable(text_of(bytes)).substr(0, 200));
        } else {
            text += how.with_folder_looks ? format("folder {:o}{}{} {}\n", status->mode, owner, time, path) : format("folder {}\n", path);
            auto names = must(files.list(path));
            std::ranges::sort(names, std::ranges::greater());
            for (const auto& name : names) open.push_back(host::join_path(path, name));
        }
    }
    return text;
}

}  // namespace holdfast::tests
