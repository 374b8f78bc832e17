// Companions that are there, and hold less than they should: nothing, where there were files; or files without a byte.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "holdfast/history/recorder.h"
#include "holdfast/live/walk_companion.h"

namespace holdfast::operations {

// Links are content.
enum class Holds { nothing, placeholders, content };  // placeholders: files of 0 bytes, and no others
Holds holds(const live::CompanionLook& look);

// Which companion of which source; `named`: as CompanionRules have it.
struct CompanionOfSource {
    std::array<std::byte, 16> source{};
    std::string root, named;
};
// Why a companion that holds so little is not as it should be; none: it never held more, or that was accepted. Compared is the
// newest ordinary backup that does not itself tell of it: so it is told until somebody says that it may be so. The
// repository's index need not be open.
Result<std::optional<std::string>> why_emptied(const repository::Repository& repository, const CompanionOfSource& companion, Holds now);

}  // namespace holdfast::operations
