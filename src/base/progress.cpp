#include "holdfast/base/progress.h"

namespace holdfast {

Progress& no_progress() {
    static Progress nothing;
    return nothing;
}

}  // namespace holdfast
