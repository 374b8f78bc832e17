// restore --table: rows of a backup brought into the live database, or into a new file.
#pragma once

#include <functional>
#include <string_view>

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

// Of the automatic backup before it.
constexpr std::string_view rows_back_operation = "restore rows";

// `invalid`, before anything is opened: words that do not go together.
Result<void> expect_rows_make_sense(const RestoreRequest& request);

struct RowsOrder {
    const RestoreRequest& request;
    // Once it is known what is written, and who was asked has agreed: hooks. The cause, for the recovery log.
    std::function<Result<std::string>()> begin;
};
// One transaction, after an automatic backup under its lock; without a transaction nothing is changed. A dry run is the
// same transaction, taken back, without the backup.
Result<void> restore_rows(Context& context, OpenRepository& opened, const Selection& selection, const RowsOrder& order, RestoreReport& report);

}  // namespace holdfast::operations
