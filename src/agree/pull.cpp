#include "holdfast/agree/pull.h"

#include <algorithm>

namespace holdfast::agree {

Result<std::size_t> Pull::fill(MutableByteView into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const std::size_t got = TRY(more(into.subspan(done)));
        if (got == 0) break;
        done += got;
    }
    return done;
}

Result<std::size_t> FilePull::more(MutableByteView into) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), left_));
    if (wanted == 0) return std::size_t{0};
    const std::size_t got = TRY(file_.read_at(at_, into.first(wanted)));
    if (got == 0) return fail(ErrorCode::corrupt, "the file ends {} bytes too early", left_);
    at_ += got;
    left_ -= got;
    return got;
}

}  // namespace holdfast::agree
