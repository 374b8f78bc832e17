// Key slots: a repository's keys, wrapped by what one user has (docs/formats/repository.md, 10).
#pragma once

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

// What a slot is bound to, and what it costs to try.
struct SlotBinding {
    Hash config;  // SHA-256 of the config object's record: a slot proves the config
    PasswordCost cost;
};
// The slot's record. `unlock` holds exactly one secret.
Result<Bytes> wrap_keys(const Keys& keys, const Unlock& unlock, const SlotBinding& binding, host::Random& random);
// denied: not the secret of this slot, or one of the other kind. corrupt, too_new: the slot itself.
Result<Keys> unwrap_keys(ByteView slot, const Unlock& unlock, const Hash& config);

// invalid, in words without the secret: more than one, an empty password, a short key.
Result<void> check_unlock(const Unlock& unlock);
inline bool has_secret(const Unlock& unlock) { return unlock.password.has_value() || unlock.key.has_value(); }

}  // namespace holdfast::repository
