#include "holdfast/rows/full_text.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::rows {
namespace {

std::string unquoted(std::string_view text) {
    if (text.size() < 2) return std::string(text);
    const char first = text.front(), close = first == '[' ? ']' : first;
    if ((first != '\'' && first != '"' && first != '`' && first != '[') || text.back() != close) return std::string(text);
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        out += text[i];
        if (text[i] == close && i + 2 < text.size() && text[i + 1] == close) ++i;
    }
    return out;
}

}  // namespace

bool is_full_text(const Table& table) { return table.module == "fts5" || table.module == "fts4" || table.module == "fts3"; }
bool is_r_tree(const Table& table) { return table.module == "rtree" || table.module == "rtree_i32"; }

std::optional<std::string> module_option(const Table& table, std::string_view name) {
    for (const auto piece : split_arguments(table.module_arguments)) {
        const auto equals = piece.find('=');
        if (equals != std::string_view::npos && is_same_name(trim(piece.substr(0, equals)), name)) return unquoted(trim(piece.substr(equals + 1)));
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
