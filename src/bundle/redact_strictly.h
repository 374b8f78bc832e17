// Secrets taken out of files that are kept without them: rather too much than too little.
#pragma once

#include <cstdint>
#include <string_view>

#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

// As redact() does, and more of it: behind a name that could be that of a secret goes everything to the end of its value,
// wherever the value stands: behind a sign or a space, behind quotes that close and open again, in lines that are continued, in
// what quotes, brackets, heredocs and blocks leave open, in the lines below when there is nothing beside the name, in comments;
// what another value says is secret (told_beside.h), and what a program is fed (fed_secret.h); then what stands before the host of an address and behind its question mark, and the arguments of programs that sign in; and
// any word that looks like a password. Lines keep their numbers. What is a word of a language and stands under no such name is
// not found. Takes a time in proportion to the text's size.
RedactedText redact_strictly(std::string_view text);

// Its version. Raised whenever it removes more than before: what was kept with an older one is read again then.
constexpr std::uint64_t strict_redaction = 1;

}  // namespace holdfast::bundle
