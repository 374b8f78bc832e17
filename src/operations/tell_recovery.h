// A restore in place told to people: the entry of the recovery log.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// Before a restore in place whose request names a recovery log: the cause, asked for where none was given and a person is
// there; perhaps empty. `cancelled`: by Ctrl-C at the question.
Result<std::string> ask_recovery_cause(Context& context, const RestoreRequest& request);

// After it; nothing for other restores. Compares the restored images with the state before, in the safety backup, for at
// most half a minute each. What goes wrong, also a file that is no recovery log, becomes a warning: the
// restore is done.
struct Recovery {
    const RestorePlan& plan;
    std::string cause;
    double duration_ms = 0;  // of the restore
};
void tell_recovery(Context& context, OpenRepository& opened, const RestoreRequest& request, const Recovery& recovery, RestoreReport& report);

// The same of a database that its own application has made anew.
struct FreshStart {
    std::string log;                     // the recovery log
    const std::vector<std::string>& databases;
    std::string cause;
    RepositoryRequest repository = {};   // that of the safety backup
    std::uint64_t safety_number = 0;     // 0: there is none
    bool is_raw = false;                 // it holds bytes, not a database
    bool had_databases = false;          // something was there before
    double duration_ms = 0;
};
struct ToldFreshStart {
    std::string data_lost, log;          // the log that has an entry now; empty: none has
    std::vector<std::string> warnings;
};
ToldFreshStart tell_fresh_start(Context& context, const FreshStart& start);

}  // namespace holdfast::operations
