// What may be secret in a line though no name tells so.
#pragma once

#include <string_view>

#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

// Both keep the numbers of lines. Of addresses: what stands before the host, what is asked for behind a question mark, and the path of one
// that is a secret as a whole (of a webhook, of a bot).
RedactedText redact_addresses(std::string_view text);
// Arguments of programs that sign in (curl -u …); user:SECRET@host; the last field of .pgpass; words that may be secrets.
RedactedText redact_words(std::string_view text);

}  // namespace holdfast::bundle
