// ValueEnd: follows a value of settings through its lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bundle {

// One more than there are line feeds; a carriage return stays at the end of its line.
std::vector<std::string_view> lines_of(std::string_view text);
std::string_view without_end(std::string_view line);  // without the space at its end
// A shell reads on in the next line: behind \, behind ^ of cmd and ` of PowerShell, which stand alone.
bool is_continued(std::string_view line);

// Shells, TOML, JSON and programs disagree on what goes on in the next line: whatever would for one of them does.
class ValueEnd {
public:
    // The lines outlive it. However many values it looks for, it takes a time in proportion to the text's size.
    ValueEnd(const std::vector<std::string_view>& lines, std::size_t text_size) : lines_(lines), left_((text_size + 1) * looks_a_byte) {}

    // The last line of the value that begins there. A quote, a bracket or a heredoc that is never closed was none, but for a quote that
    // it begins with, of which all the rest is the value; so it is when there have been too many of these.
    std::size_t find(std::size_t line, std::size_t from);

private:
    static constexpr std::size_t looks_a_byte = 64;
    struct State {
        char quote = 0;
        int depth = 0;
        std::string closing{};  // three quotes, or what a heredoc's last line begins with
        bool is_heredoc = false;
        bool has_rest = false;     // a value may go on behind the heredoc's last word: of PHP, of PowerShell
        bool has_closed = false;   // a heredoc, in the line last read
    };
    static bool goes_on(State& state, std::string_view text);
    static bool has_left_heredoc(State& state, std::string_view& text);
    static bool enters_heredoc(State& state, std::string_view rest);
    std::size_t last_continued(std::size_t line) const;

    const std::vector<std::string_view>& lines_;
    std::size_t left_;
};

}  // namespace holdfast::bundle
