// The state before the last restore in place: which safety backup holds it, and in which repository. For undo.
#pragma once

#include "holdfast/history/history.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct LastReplaced {
    std::unique_ptr<OpenRepository> opened;
    RepositoryRequest request;    // that opens it
    history::Moment moment;       // neither forgotten nor raw
    bool is_beside = false;       // in .holdfast-safety beside the database, not where the request says
    std::string rows_back;        // how to go back to before rows that restore --table brought since then; empty: none
};
// Of the repository meant and, for when that was full or could not be written, those beside the source's databases: the
// newest. `busy`: one had been interrupted, and was mended, which may be all that was wanted. `not_found`: that one had not
// replaced anything, and its leftovers were removed; or none is left (the advice tells of rows that came back last), or it is forgotten; `invalid`: of several sources, or damaged bytes.
enum class Unfinished : std::uint8_t { mended_first, left_alone };  // restores that were interrupted: a dry run tells, and mends none
Result<LastReplaced> last_replaced(Context& context, const RepositoryRequest& request, const std::string& source, Unfinished unfinished);

}  // namespace holdfast::operations
