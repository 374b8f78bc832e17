#include "holdfast/bundle/value_end.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"

namespace holdfast::bundle {

namespace {

// EOF of <<EOF, <<-'EOF', <<~ "EOF", and <<<"EOF" of PHP
std::string word_of_heredoc(std::string_view rest) {
    while (!rest.empty() && (std::string_view("<-~ ").contains(rest.front()) || is_quote(rest.front()))) rest.remove_prefix(1);
    const auto end = std::ranges::find_if_not(rest, belongs_to_key);
    return std::string(rest.begin(), end);
}

// IDENTIFIED BY of SQL, and the password below.
bool ends_with_by(std::string_view line) {
    const auto last = line.substr(line.size() - std::min<std::size_t>(line.size(), 3));
    return in_small_letters(trim(last)) == "by";
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    for (std::size_t at = 0;;) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        if (end == text.size()) return lines;
        at = end + 1;
    }
}

std::string_view without_end(std::string_view line) {
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    return line;
}

bool is_continued(std::string_view line) {
    const auto text = without_end(line);
    if (text.ends_with('\\')) return true;
    return (text.ends_with('^') || text.ends_with('`')) && (text.size() == 1 || is_space(text[text.size() - 2]));
}

std::size_t ValueEnd::find(std::size_t line, std::size_t from) {
    State state;
    std::size_t last = line;
    auto text = lines_[line].substr(from);
    for (std::size_t at = line;; text = lines_[at]) {
        if (left_ < text.size() + 1) return lines_.size() - 1;
        left_ -= text.size() + 1;
        if (!goes_on(state, text)) return at;
        if (state.has_closed) last = at;
        if (++at < lines_.size()) continue;
        const auto value = trim(lines_[line].substr(from));
        const bool begins_with_quote = !value.empty() && value != "`" && is_quote(value.front()) && state.quote != 0;
        return begins_with_quote ? at - 1 : std::max(last, last_continued(line));
    }
}

std::size_t ValueEnd::last_continued(std::size_t line) const {
    while (line + 1 < lines_.size() && is_continued(lines_[line])) ++line;
    return line;
}

// `text` becomes what stands behind the word.
bool ValueEnd::has_left_heredoc(State& state, std::string_view& text) {
    auto rest = trim(text);
    if (!rest.starts_with(state.closing)) return false;
    rest.remove_prefix(state.closing.size());
    const bool is_word = rest.empty() || !belongs_to_key(rest.front()) || !belongs_to_key(state.closing.back());
    if (!is_word || (!state.has_rest && std::ranges::any_of(rest, belongs_to_key))) return false;
    text = rest;
    state.closing.clear();
    state.is_heredoc = false;
    state.has_closed = true;
    return true;
}

// <<EOF somewhere in a line, @" of PowerShell at its end.
bool ValueEnd::enters_heredoc(State& state, std::string_view rest) {
    if (state.is_heredoc) return false;
    if (rest == "@\"" || rest == "@'") {
        state.closing = std::string(1, rest[1]) + "@";
    } else if (rest.starts_with("<<")) {
        state.closing = word_of_heredoc(rest.substr(2));
    }
    state.is_heredoc = !state.closing.empty();
    state.has_rest = rest.front() == '@' || rest.starts_with("<<<");
    return state.is_heredoc;
}

bool ValueEnd::goes_on(State& state, std::string_view text) {
    state.has_closed = false;
    if (state.is_heredoc && !has_left_heredoc(state, text)) return true;
    const auto line = without_end(text);
    bool is_over = true;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const auto rest = line.substr(at);
        if (!state.closing.empty() && !state.is_heredoc) {
            if (!rest.starts_with(state.closing)) continue;
            at += state.closing.size() - 1;
            state.closing.clear();
        } else if (line[at] == '\\' && state.quote != '\'') {
            is_over = ++at != line.size();
        } else if (state.quote != 0) {
            if (line[at] == state.quote) state.quote = 0;
        } else if (!state.is_heredoc && (rest.starts_with(R"(""")") || rest.starts_with("'''"))) {
            state.closing = rest.substr(0, 3);
            at += 2;
        } else if (!state.is_heredoc && rest.starts_with("/*")) {
            state.closing = "*/";
            ++at;
        } else if (enters_heredoc(state, rest)) {
            ++at;
        } else if (is_quote(line[at])) {
            state.quote = line[at];
        } else if (line[at] == '[' || line[at] == '{' || line[at] == '(') {
            ++state.depth;
        } else if ((line[at] == ']' || line[at] == '}' || line[at] == ')') && state.depth > 0) {
            --state.depth;
        }
    }
    const bool is_open_command = (line.ends_with('^') && is_continued(line)) || ends_with_by(line);
    return !is_over || is_open_command || state.quote != 0 || state.depth > 0 || !state.closing.empty();
}

}  // namespace holdfast::bundle
