// What became of rows that were brought back, for reports, for the person who is asked, and for the recovery log.
#pragma once

#include <string>

#include "holdfast/operations/restore.h"
#include "holdfast/rows/bring_rows.h"

namespace holdfast::operations {

void tell(const rows::Brought& brought, RowsBack& rows);

// The question before they are written, from the report of a dry run.
std::string rows_question(const RestoreReport& report);

// At the end of the recovery log, where the request names one and rows were written. What goes wrong is a warning.
struct RowsRecovery {
    std::string cause;
    double duration_ms = 0;
};
void tell_rows_recovery(Context& context, const RestoreRequest& request, const RowsRecovery& recovery, RestoreReport& report);

}  // namespace holdfast::operations
