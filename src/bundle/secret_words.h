// What may be secret in a line though no name tells so.
#pragma once

#include <string_view>

#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

// Takes out: of addresses all that stands before the host, and what is asked for behind a question mark; arguments of programs that sign in
// (curl -u …); the last field of .pgpass; words that may be secrets. Lines keep their numbers.
RedactedText redact_words(std::string_view text);

}  // namespace holdfast::bundle
