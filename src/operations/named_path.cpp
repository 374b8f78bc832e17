#include "holdfast/operations/named_path.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

Result<NamedPath> NamedPath::parse(const std::string& path) {
    NamedPath parsed;
    const std::string last = host::file_name_of(path);
    parsed.folder_ = host::folder_of(path);
    const auto star = last.find('*');
    parsed.has_name_ = star != std::string::npos;
    parsed.before_ = last.substr(0, star);
    if (parsed.has_name_) parsed.after_ = last.substr(star + 1);
    if (std::ranges::count(path, '*') > (parsed.has_name_ ? 1 : 0)) {
        return fail(ErrorCode::invalid, "{} has a star in a folder's name, or more than one", printable(path)).with_advice("one star, in the last part: \"data/faiss/*.index\"");
    }
    return parsed;
}

Result<NamedPath> NamedPath::in_canonical_folder(host::FileSystem& files) const {
    NamedPath canonical = *this;
    canonical.folder_ = TRY(host::canonical_or_future(files, folder_));
    return canonical;
}

std::string NamedPath::path_of(const std::string& name) const { return host::join_path(folder_, has_name_ ? before_ + name + after_ : before_); }

std::optional<std::string> NamedPath::name_of(const std::string& file_name) const {
    const bool fits = has_name_ && file_name.size() > before_.size() + after_.size() && file_name.starts_with(before_) && file_name.ends_with(after_);
    if (!fits) return std::nullopt;
    return file_name.substr(before_.size(), file_name.size() - before_.size() - after_.size());
}

bool NamedPath::is_name(const std::string& word) { return !word.empty() && word.find_first_of(std::string_view("/\0", 2)) == std::string::npos; }

}  // namespace holdfast::operations
