// What unlocks a repository: from flags, the environment or the terminal, at most one.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/keys.h"

namespace holdfast::operations {

// Where a secret is to come from. At most one is not empty.
struct SecretPlace {
    std::string password_file, password_command, key_file;
    bool is_by_flag = false;  // not by the environment
    bool is_any() const { return !password_file.empty() || !password_command.empty() || !key_file.empty(); }
};
// Flags first; the environment counts where there are none. `invalid` when two are given.
Result<SecretPlace> secret_place(const RepositoryRequest& request);

// The secret itself. Nothing given: asked for on the terminal (twice when it is new), or `denied`.
struct SecretQuestion {
    std::string repository;  // for the prompt
    bool is_new = false;
};
Result<repository::Unlock> fetch_secret(Context& context, const SecretPlace& place, const SecretQuestion& question);

}  // namespace holdfast::operations
