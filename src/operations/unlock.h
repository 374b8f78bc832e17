// What unlocks a repository: from flags, the environment, the settings or the terminal, at most one.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/settings.h"
#include "holdfast/repository/keys.h"

namespace holdfast::operations {

// Where a secret is to come from. At most one is not empty.
struct SecretPlace {
    std::string password_file, password_command, key_file;
    bool is_by_flag = false;      // not by the environment or settings
    bool is_by_settings = false;
    bool is_any() const { return !password_file.empty() || !password_command.empty() || !key_file.empty(); }
};
// Flags first; the environment counts where there are none, and then the settings. `invalid` when two are given.
Result<SecretPlace> secret_place(const RepositoryRequest& request, const RepositorySettings& settings);

// The secret itself. Nothing given: asked for on the terminal (twice when it is new), or `denied`.
struct SecretQuestion {
    std::string repository;  // for the prompt
    bool is_new = false;
};
Result<repository::Unlock> fetch_secret(Context& context, const SecretPlace& place, const SecretQuestion& question);

}  // namespace holdfast::operations
