// Pragmas: which of them ask, which set something for one connection, and which write into the database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::live {

enum class PragmaKind {
    asks,
    sets,           // for the connection that says it, and until it is closed
    writes,         // into the database, inside a transaction
    stands_alone,   // writes, and is refused or does nothing inside a transaction
    is_refused,     // by us: pragma_refusal() says why
};
// As SQLite 3.40 documents them (https://sqlite.org/pragma.html). None: not in that list.
std::optional<PragmaKind> kind_of_pragma(std::string_view name, std::optional<std::string_view> argument);

struct Refusal {
    std::string why;
    std::string advice;
};
Refusal pragma_refusal(std::string_view name, std::string_view argument);

}  // namespace holdfast::live
