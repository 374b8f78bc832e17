#include "holdfast/base/shell_word.h"

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

std::string with_escaped(std::string_view text, char special, std::string_view escape) {
    std::string out;
    for (const char c : text) c == special ? out += escape : out += c;
    return out;
}

}  // namespace

std::string shell_word(std::string_view text) {
    const bool is_printable = printable(text) == text;
    if (is_printable) return "'" + with_escaped(text, '\'', "'\\''") + "'";
    // printable() writes what a terminal must not see as \xNN, which $'…' reads.
    return "$'" + with_escaped(printable(with_escaped(text, '\\', "\\\\")), '\'', "\\'") + "'";
}

}  // namespace holdfast
