#include "holdfast/agree/look.h"

namespace holdfast::agree {

Result<void> LookBounds::go_on() const {
    TRY(watch.go_on());
    if (is_over && is_over()) return fail(ErrorCode::unavailable, "it takes longer than its time limit");
    return {};
}

}  // namespace holdfast::agree
