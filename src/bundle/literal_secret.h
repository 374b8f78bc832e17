// Secrets that are written out in a value of the settings: a command, an address, a tag, what is posted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::bundle {

// What kind of value it is: a name beside a value tells a secret in a command, and a column in a query.
enum class ValueKind {
    words,            // a command, an address, a header, a tag
    secret_command,   // a command whose output is a secret: what it merely prints is one
    query,            // SQL, in which only the shape of a key or an address tells
};

// Words for the first secret that stands there, never any of it: "the value of --password", "a key of a known shape",
// "the password in an address". None: there is none to be seen. Only what is certain counts: a known shape of key, a
// private key, a literal behind the name of a secret (NAME=, name:, --name), behind Bearer, -u or in an address. What is
// taken from elsewhere ($NAME, ${NAME}, $(command), `command`, @FILE, a path, {placeholder}) is none, and however random a
// word looks, that alone makes it none: it may be a commit, an image or a machine.
std::optional<std::string> literal_secret_in(std::string_view value, ValueKind kind);

}  // namespace holdfast::bundle
