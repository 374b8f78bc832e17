// Secrets taken out of the text of settings and logs before it leaves the machine: by the names of keys, by the look of
// values, out of URLs, and private keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::bundle {

enum class SecretSign {
    key_name,     // password = ..., "apiToken": "..."
    url,          // scheme://user:PASSWORD@host, ?token=...
    look,         // a long word that looks random
    private_key,  // -----BEGIN ... PRIVATE KEY-----
};
constexpr std::string_view in_its_place = "[removed]";
std::string_view name_of(SecretSign sign);  // "key name", "address", "random look", "private key"

// What was taken out, never with any of it.
struct RemovedSecret {
    std::uint64_t line = 0;  // from 1
    std::string key;         // where it has one
    SecretSign sign = SecretSign::key_name;
};
struct RedactedText {
    std::string text;
    std::vector<RemovedSecret> removed;
};

// In place of each secret stands [removed]; every other byte stays, so that the text can be read as before. Understands
// KEY=value, key: value, "key": "value" (several in a line too), TOML, INI, YAML and JSON by their lines, and values of
// several lines behind such a key (""" ''' | >). In doubt a value is taken out: a name that only reminds of a secret is
// enough. What is short and stands under a harmless name is not found.
RedactedText redact(std::string_view text);

}  // namespace holdfast::bundle
