#include "holdfast/bundle/value_end.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"

namespace holdfast::bundle {

namespace {

// EOF of <<EOF, <<-'EOF', <<~ "EOF"
std::string word_of_heredoc(std::string_view rest) {
    while (!rest.empty() && (rest.front() == '-' || rest.front() == '~' || rest.front() == ' ' || is_quote(rest.front()))) rest.remove_prefix(1);
    const auto end = std::ranges::find_if_not(rest, belongs_to_key);
    return std::string(rest.begin(), end);
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

std::size_t ValueEnd::find(std::size_t line, std::size_t from) {
    State state;
    auto text = lines_[line].substr(from);
    for (std::size_t at = line;; text = lines_[at]) {
        if (left_ < text.size() + 1) return lines_.size() - 1;
        left_ -= text.size() + 1;
        if (!goes_on(state, text)) return at;
        if (++at < lines_.size()) continue;
        const bool begins_with_quote = from < lines_[line].size() && is_quote(lines_[line][from]) && state.quote != 0;
        return begins_with_quote ? at - 1 : last_continued(line);
    }
}

std::size_t ValueEnd::last_continued(std::size_t line) const {
    while (line + 1 < lines_.size() && without_end(lines_[line]).ends_with('\\')) ++line;
    return line;
}

bool ValueEnd::goes_on(State& state, std::string_view text) {
    if (state.is_heredoc) return trim(text) != state.closing;
    const auto size = without_end(text).size();
    bool is_continued = false;
    std::string heredoc;
    for (std::size_t at = 0; at < size; ++at) {
        const auto rest = text.substr(at);
        if (!state.closing.empty()) {
            if (!rest.starts_with(state.closing)) continue;
            at += state.closing.size() - 1;
            state.closing.clear();
        } else if (text[at] == '\\' && state.quote != '\'') {
            is_continued = ++at == size;
        } else if (state.quote != 0) {
            if (text[at] == state.quote) state.quote = 0;
        } else if (rest.starts_with(R"(""")") || rest.starts_with("'''")) {
            state.closing = rest.substr(0, 3);
            at += 2;
        } else if (rest.starts_with("/*")) {
            state.closing = "*/";
            ++at;
        } else if (is_quote(text[at])) {
            state.quote = text[at];
        } else if (rest.starts_with("<<") && heredoc.empty()) {
            heredoc = word_of_heredoc(rest.substr(2));
        } else if (text[at] == '[' || text[at] == '{' || text[at] == '(') {
            ++state.depth;
        } else if ((text[at] == ']' || text[at] == '}' || text[at] == ')') && state.depth > 0) {
            --state.depth;
        }
    }
    if (!heredoc.empty()) {
        state = {.closing = heredoc, .is_heredoc = true};
        return true;
    }
    return is_continued || state.quote != 0 || state.depth > 0 || !state.closing.empty();
}

}  // namespace holdfast::bundle
