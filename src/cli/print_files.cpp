#include "holdfast/base/utf8.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

// "-rw-r-----"
std::string mode_in_letters(const operations::ListedFile& file) {
    std::string letters = file.kind == "folder" ? "d" : file.kind == "link" ? "l" : "-";
    constexpr std::string_view all = "rwxrwxrwx";
    for (std::size_t i = 0; i < all.size(); ++i) letters += (file.mode >> (all.size() - 1 - i) & 1u) != 0 ? all[i] : '-';
    constexpr std::uint64_t set_user = 04000, set_group = 02000, sticky = 01000;
    const auto mark = [&](std::uint64_t bit, std::size_t at, char with_x, char without) {
        if ((file.mode & bit) != 0) letters[at] = letters[at] == 'x' ? with_x : without;
    };
    mark(set_user, 3, 's', 'S');
    mark(set_group, 6, 's', 'S');
    mark(sticky, 9, 't', 'T');
    return letters;
}

}  // namespace

std::string line_of(const operations::ListedFile& file, FileLine how) {
    std::string path = printable(file.path);
    if (how == FileLine::path) return path + "\n";
    if (file.kind == "link") path += " -> " + printable(file.link_target);
    if (file.kind == "database") path += format("  (database, {})", counted(file.pages, "page"));
    if (file.kind == "raw") path += "  (bytes of a damaged database)";
    return format("{} {:>5} {:>5} {:>12}  {}  {}\n", mode_in_letters(file), file.owner, file.group, file.size, local_time(file.modified), path);
}

std::string json_line_of(const operations::ListedFile& file) {
    auto json = json_of(file);
    // JSON knows no bytes that are not UTF-8: the names above stand for them, these are them.
    if (!is_utf8(file.path)) json.set("path_hex", to_hex(bytes_of(file.path)));
    if (!is_utf8(file.link_target)) json.set("link_target_hex", to_hex(bytes_of(file.link_target)));
    return json.to_text();
}

std::string notes_of(const operations::FilesReport& report, const Style& style) {
    std::vector<std::string> parts;
    if (report.databases > 0) parts.push_back(counted(report.databases, "database"));
    if (report.files > 0) parts.push_back(counted(report.files, "file"));
    if (report.folders > 0) parts.push_back(counted(report.folders, "folder"));
    if (report.links > 0) parts.push_back(counted(report.links, "link"));
    std::string out = format("backup #{}, {}: {}, {}\n", report.number, local_time(report.time), parts.empty() ? "nothing" : joined(parts, ", "), human_bytes(report.bytes));
    out += lines(style.bad("damaged: "), report.damage);
    return out + lines("note: ", report.warnings);
}

}  // namespace holdfast::cli
