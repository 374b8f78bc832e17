#include "holdfast/rows/full_text.h"

#include <vector>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

bool is_quote(char c) { return c == '\'' || c == '"' || c == '`' || c == '['; }

std::vector<std::string> arguments_of(const std::string& text) {
    std::vector<std::string> arguments(1);
    char until = '\0';
    for (const char c : text) {
        if (until == '\0' && c == ',') {
            arguments.emplace_back();
            continue;
        }
        if (until != '\0' && c == until) until = '\0';
        else if (until == '\0' && is_quote(c)) until = c == '[' ? ']' : c;
        arguments.back() += c;
    }
    return arguments;
}

std::string unquoted(std::string_view text) {
    if (text.size() < 2 || !is_quote(text.front())) return std::string(text);
    const char quote = text.front();
    std::string out;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        if (text[at] == quote && text[at + 1] == quote && at + 2 < text.size()) ++at;
        out += text[at];
    }
    return out;
}

std::optional<std::string> argument_of(const Table& table, std::string_view name) {
    for (const auto& argument : arguments_of(table.module_arguments)) {
        const auto equals = argument.find('=');
        if (equals == std::string::npos || !is_same_name(trim(argument.substr(0, equals)), name)) continue;
        return unquoted(trim(std::string_view(argument).substr(equals + 1)));
    }
    return std::nullopt;
}

}  // namespace

bool is_full_text(const Table& table) { return table.module == "fts5" || table.module == "fts4" || table.module == "fts3"; }
bool is_r_tree(const Table& table) { return table.module == "rtree" || table.module == "rtree_i32"; }

std::optional<std::string> content_of(const Table& table) { return is_full_text(table) ? argument_of(table, "content") : std::nullopt; }

Result<void> expect_writable_module(const Table& table) {
    const std::string name = printable(table.name);
    if (is_r_tree(table) && !table.columns.empty()) return {};
    const bool is_known = is_full_text(table) && !table.columns.empty();
    if (!is_known) {
        return fail(ErrorCode::unavailable, "restore rows of {}: it is a virtual table of the module {}, whose rows only the application can write", name, printable(table.module))
            .with_advice("--to FILE, without --table, gives the whole backup");
    }
    if (argument_of(table, "languageid")) {
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
