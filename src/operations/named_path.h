// NamedPath: a path of the settings in whose last part a star stands for a name: "data/faiss/*.index".
#pragma once

#include <optional>
#include <string>

#include "holdfast/host/file_system.h"

namespace holdfast::operations {

class NamedPath {
public:
    // `invalid`: more than one star, or one in a folder's name.
    static Result<NamedPath> parse(const std::string& path);
    bool has_name() const { return has_name_; }
    // Its folder as it is called when no link is in the way, for whom that is the same thing.
    Result<NamedPath> in_canonical_folder(host::FileSystem& files) const;
    const std::string& folder() const { return folder_; }
    std::string path_of(const std::string& name) const;
    std::optional<std::string> name_of(const std::string& file_name) const;  // none: the pattern is not about it
    // Whether a word can be a name: no slash, not hidden by being empty.
    static bool is_name(const std::string& word);

private:
    std::string folder_, before_, after_;
    bool has_name_ = false;
};

}  // namespace holdfast::operations
