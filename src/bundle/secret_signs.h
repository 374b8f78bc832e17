// By what a secret is known: the names of keys, and the look of words.
#pragma once

#include <string_view>

namespace holdfast::bundle {

// For those who keep files of settings: whether a key's name is that of a secret (password, api_key, accessToken).
bool is_secret_name(std::string_view key);

// Whether a word looks as if made at random: 20 characters or more of Base64, hex or the like, with letters and digits
// mixed as no language mixes them. A UUID and a version or a time does not.
bool looks_random(std::string_view word);

// Names of secrets (session: SECRET) under which settings stand as well, in lines below (session:, timeout: 30): of these only what
// is named as a secret is one.
bool may_be_settings(std::string_view name);

// A value that is no secret: true, none, ${NAME} and the like.
bool is_harmless_value(std::string_view value);

// For those who rather lose a setting than keep a secret: the same of any name that could be one's (DBPW, requirepass,
// ssh_key, session), and of any word of six characters or more that mixes letters with digits or signs as names,
// versions, paths and numbers with units seldom do (hunter2, p!ssword).
bool may_name_secret(std::string_view key);
bool may_be_secret(std::string_view word);

}  // namespace holdfast::bundle
