#include "holdfast/operations/named_companion.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view pattern_bytes = "*?[";

std::string quoted_list(const std::vector<std::string>& patterns) {
    std::string list;
    for (const auto& pattern : patterns) list += format("{}\"{}\"", list.empty() ? "" : ", ", printable(pattern));
    return list;
}

}  // namespace

CompanionRequest companion_request(const CompanionSettings& companion) {
    return {.path = companion.path, .include = companion.include, .exclude = companion.exclude, .is_optional = companion.optional, .is_redacted = companion.keep == "redacted"};
}

bool is_pattern_in_path(host::FileSystem& files, const std::string& path) { return path.find_first_of(pattern_bytes) != std::string::npos && !files.status_of_link(path); }

Result<CompanionRequest> without_pattern_in_path(host::FileSystem& files, CompanionRequest companion) {
    if (!is_pattern_in_path(files, companion.path)) return companion;
    const auto first = companion.path.find_first_of(pattern_bytes);
    const auto slash = companion.path.rfind('/', first);
    const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : companion.path.substr(0, slash);
    const std::string pattern = "/" + companion.path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (!companion.include.empty()) {
        auto all = companion.include;
        all.insert(all.begin(), pattern);
        return fail(ErrorCode::invalid, "{} is a pattern, and others are to be included beside it", printable(companion.path))
            .with_advice(format("path = \"{}\" and include = [{}]", printable(folder), quoted_list(all)));
    }
    companion.include = {pattern};
    companion.path = folder;
    return companion;
}

Result<void> expect_apart(const live::CompanionOrder& outer, const live::CompanionOrder& inner) {
    if (&outer != &inner && outer.root == inner.root) {
        return fail(ErrorCode::invalid, "back up {} as a companion: it is named twice", printable(inner.root)).with_advice("name it once, with the patterns of both in include");
    }
    if (!inner.root.starts_with(outer.root + "/")) return {};
    // What two companions hold would be restored twice, in whatever order.
    const std::string path = inner.root.substr(outer.root.size() + 1);
    for (std::size_t end = 0; end != std::string::npos;) {
        end = path.find('/', end + 1);
        for (const auto kind : {host::FileKind::folder, host::FileKind::regular}) {
            if (outer.exclude.judge(path.substr(0, end), kind) == live::PathPatterns::Verdict::matches) return {};
        }
    }
    return fail(ErrorCode::invalid, "back up {} as a companion: it lies in {}, which is one itself", printable(inner.root), printable(outer.root))
        .with_advice(format("exclude = [\"/{}\"] in the outer one; or leave the inner one out", path));
}

Result<std::string> name_by_links(host::FileSystem& files, const std::string& path, const std::string& canonical) {
    const std::string absolute = path.starts_with('/') ? path : host::join_path(TRY(files.canonical(".")), path);
    return absolute == canonical ? std::string() : absolute;
}

}  // namespace holdfast::operations
