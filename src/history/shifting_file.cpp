#include "holdfast/history/shifting_file.h"

#include <algorithm>
#include <array>
#include <string>

namespace holdfast::history {

namespace {

// Text, lists of records, and what is packed: written from the start each time. What is written in place (indexes, databases
// of other kinds, raw arrays) is not here, and neither are pictures and films, which hardly ever change.
constexpr std::array<std::string_view, 56> shifting = {
    "log", "txt", "md", "rst", "tex", "csv", "tsv", "json", "jsonl", "ndjson", "json5", "geojson", "ipynb", "xml", "html", "htm", "svg", "yaml", "yml", "toml", "ini",
    "conf", "sql", "dump", "diff", "patch", "bib", "eml", "mbox", "ics", "vcf", "tar", "tgz", "zip", "jar", "whl", "npz", "gz", "bz2", "xz", "zst", "lz4", "br", "7z",
    "parquet", "arrow", "feather", "avro", "orc", "msgpack", "pickle", "pkl", "pdf", "docx", "xlsx", "epub",
};

bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

bool shifts_by_name(std::string_view name) {
    auto dot = name.rfind('.');
    while (dot != std::string_view::npos && is_number(name.substr(dot + 1))) {
        name = name.substr(0, dot);
        dot = name.rfind('.');
    }
    if (dot == std::string_view::npos || dot == 0) return false;
    std::string ending(name.substr(dot + 1));
    std::ranges::transform(ending, ending.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::ranges::find(shifting, ending) != shifting.end();
}

bool has_shifted(const repository::KeptContent& kept) {
    constexpr std::uint64_t much = 4, most = 2;
    return kept.extents_changed * much > repository::extents_of(kept.content.size) && kept.extents_shifted * most > kept.extents_changed;
}

}  // namespace holdfast::history
