// The part of a restore that comes after the choice of the backup: planned, shown, carried out. For restore and undo.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

struct RestoreOrder {
    std::string doing;  // "restore" or "undo": what the safety backup goes before
    const RestoreRequest& request;
};
// Hooks and the recovery log of the settings hold where the request names none. As restore() promises. `cancelled` also when the person who was asked said no.
Result<RestoreReport> restore_selected(Context& context, OpenRepository& opened, const Selection& selection, const RestoreOrder& order);

}  // namespace holdfast::operations
