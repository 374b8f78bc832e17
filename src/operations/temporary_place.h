// TemporaryPlace: a private folder with enough room, gone when it is destroyed.
#pragma once

#include <string>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct PlaceNeeded {
    std::uint64_t bytes = 0;
    std::string folder = {};  // as asked for; empty: the first of $TMPDIR, /var/tmp, /tmp and the cache folder that has room
};
class TemporaryPlace {
public:
    // Mode 0700. `full` names the places and what each lacks. What programs that died have left in the same folder is
    // removed.
    static Result<TemporaryPlace> make(Context& context, const PlaceNeeded& needed);
    TemporaryPlace(TemporaryPlace&& other) noexcept : files_(other.files_), path_(std::exchange(other.path_, {})) {}
    TemporaryPlace& operator=(TemporaryPlace&&) = delete;
    ~TemporaryPlace();

    const std::string& path() const { return path_; }
    Result<void> remove();  // now, and says whether it worked

private:
    TemporaryPlace(host::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
    host::FileSystem& files_;
    std::string path_;
};

}  // namespace holdfast::operations
