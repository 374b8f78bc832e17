// Selector: which backup a person means: 43, latest, latest~2, last-good, an id prefix, or a time.
#pragma once

#include <optional>
#include <string>

#include "holdfast/base/time.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::history {

struct Selector {
    enum class Kind { number, latest, last_good, id_prefix, at } kind = Kind::latest;
    repository::SnapshotNumber number{};
    std::uint64_t back = 0;   // latest~back
    std::string id_prefix{};  // lower-case hex, at least 8 digits
    Timestamp at{};           // the newest freeze time not after this
};

// "43", "#43", "latest", "latest~2", "last-good", "3fa91c07b2", "id:3fa91c07". Digits alone are a number; an id prefix
// has at least 8 characters and a letter, or `id:` before it. `invalid` explains the forms.
Result<Selector> parse_selector(std::string_view text);

}  // namespace holdfast::history
