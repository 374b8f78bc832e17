#include "holdfast/rows/text_writer.h"

namespace holdfast::rows {

Result<void> TextWriter::finish() {
    if (waiting_.empty()) return {};
    TRY(sink_(waiting_));
    handed_over_ += waiting_.size();
    waiting_.clear();
    return {};
}

}  // namespace holdfast::rows
