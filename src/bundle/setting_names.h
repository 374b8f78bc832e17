// Names that stand in a line of settings, and where their values begin.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::bundle {

struct Named {
    std::string name;              // as it is read: p\u0061ssword is password
    std::size_t start = 0;         // in the line
    std::size_t end = 0;
    std::size_t value = 0;         // the line's size: nothing is there
    bool has_sign = false;         // = or : stands between them
    bool is_quoted = false;        // the name
    bool is_value_itself = false;  // a sign stands before it
    bool is_tag = false;           // <name> of XML
    bool is_escaped = false;       // a backslash stands before it, which may take its first letter: "a\npassword=…"
};

// The next name from there on. Its name is empty and its value the line's size: there is none.
Named next_named(std::string_view line, std::size_t at);

}  // namespace holdfast::bundle
