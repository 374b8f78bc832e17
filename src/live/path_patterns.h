// PathPatterns: patterns as .gitignore has them, which judge paths below a root.
#pragma once

#include <bitset>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::live {

// As gitignore(5) says, in bytes, case and all: of several patterns that match, the last decides; `!` before one takes back
// what those before it match; a `/` at its beginning or within ties it to the root, otherwise it is about names in any
// folder; a `/` at its end means folders only (no links to them). `*`, `?` and `[a-z]`, `[!a]`, `[[:digit:]]` match within
// one name, `**` between slashes any number of folders; `\` takes the next byte as it is. Spaces at the end do not count,
// unless with `\`; entries that are empty or begin with `#` are comments.
// `**` that is only a part of a name is `*`, also where git before 2.53 sees folders in it (`foo**/bar`).
class PathPatterns {
public:
    // `invalid`, with the pattern, for one that can match nothing: a `[` never closed, an empty name, `..`, and so on.
    static Result<PathPatterns> parse(std::span<const std::string> patterns);
    PathPatterns() = default;  // without a pattern: nothing is matched
    bool empty() const { return patterns_.empty(); }

    enum class Verdict { none, matches, taken_back };
    // Of one path relative to the root, without `/` at either end; of "", the root itself, none. What is above it is not
    // looked at: who does not enter what is excluded need not. It takes at most as many steps
    // as the path has bytes times those of the patterns, whatever they hold.
    Verdict judge(std::string_view path, host::FileKind kind) const;

    // What one name must be, byte by byte: a star, or one byte out of a set.
    struct Glyph {
        bool is_star = false;
        std::bitset<256> bytes;
    };
    struct Segment {
        bool is_any_depth = false;  // any number of names
        std::vector<Glyph> glyphs;  // otherwise: of one name
    };
    struct Pattern {
        bool takes_back = false;
        bool folders_only = false;
        bool is_of_names = false;  // one segment, for the last part of a path
        std::vector<Segment> segments;
    };

private:
    std::vector<Pattern> patterns_;
};

}  // namespace holdfast::live
