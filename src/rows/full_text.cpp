#include "holdfast/rows/full_text.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::rows {

bool is_full_text(const Table& table) { return table.module == "fts5" || table.module == "fts4" || table.module == "fts3"; }
bool is_r_tree(const Table& table) { return table.module == "rtree" || table.module == "rtree_i32"; }

std::optional<std::string> module_option(const Table& table, std::string_view name) {
    for (const auto piece : split_arguments(table.module_arguments)) {
        const std::string option = without_comments(piece);
        const auto equals = option.find('=');
        if (equals != std::string::npos && is_same_name(trim(std::string_view(option).substr(0, equals)), name)) return unquoted(trim(std::string_view(option).substr(equals + 1)));
    }
    return std::nullopt;
}

std::optional<std::string> content_of(const Table& table) { return is_full_text(table) ? module_option(table, "content") : std::nullopt; }

Result<void> expect_writable_module(const Table& table) {
    const std::string name = printable(table.name);
    if (is_r_tree(table) && !table.columns.empty()) return {};
    const bool is_known = is_full_text(table) && !table.columns.empty();
    if (!is_known) {
        return fail(ErrorCode::unavailable, "restore rows of {}: it is a virtual table of the module {}, whose rows only the application can write", name, printable(table.module))
            .with_advice("--to FILE, without --table, gives the whole backup");
    }
    if (module_option(table, "languageid")) {
        return fail(ErrorCode::unavailable, "restore rows of {}: each has a language, which holdfast does not bring", name).with_advice("--to FILE, without --table, gives the whole backup");
    }
    const auto content = content_of(table);
    if (!content) return {};
    if (content->empty()) {
        return fail(ErrorCode::unavailable, "restore rows of {}: it keeps an index without its content, so there are no rows to read", name)
            .with_advice("--to FILE, without --table, gives the whole backup");
    }
    return fail(ErrorCode::invalid, "restore rows of {}: it is an index over {}, which has the rows", name, printable(*content))
        .with_advice(format("--table {}; the index follows", printable(*content)));
}

}  // namespace holdfast::rows
