// Files that hold secrets and nothing else: db_password, .vault_pass, .htpasswd, .pgpass.
#pragma once

#include <string_view>

#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

// Whether a file of that name, which is no path, is one: its name could be that of a secret, and no ending says that it has settings
// (secrets.yaml, .env.secrets).
bool is_secret_file(std::string_view name);

// Nothing is left of any line but its end.
RedactedText redact_all_lines(std::string_view text);

}  // namespace holdfast::bundle
