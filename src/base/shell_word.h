// shell_word(): a path as a word for commands that advice offers.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

// In single quotes, and safe to paste into a POSIX shell; with control characters or bytes that are no UTF-8 as $'…',
// which bash and zsh know.
std::string shell_word(std::string_view text);

}  // namespace holdfast
