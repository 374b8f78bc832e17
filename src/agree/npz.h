// Several arrays of numpy in one zip file (.npz), all of them read and proven.
#pragma once

#include "holdfast/agree/npy.h"

namespace holdfast::agree {

// Which of them hold what; one that is not there holds nothing.
struct NpzArrays {
    std::string ids = "ids";
    std::string vectors = "vectors";
};
// `corrupt` also when there are more ids than vectors, or fewer.
Result<Look> look_at_npz(host::FileSystem& files, const std::string& path, const NpzArrays& arrays, const LookBounds& bounds);

}  // namespace holdfast::agree
