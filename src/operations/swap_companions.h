// CompanionSwap: the companions of a restore in place: staged beside what they replace, then exchanged, all or none.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/live/file_swap.h"
#include "holdfast/operations/restore_plan.h"
#include "holdfast/operations/safety_backup.h"
#include "holdfast/operations/unfinished_restore.h"
#include "holdfast/operations/write_entry.h"

namespace holdfast::operations {

class CompanionSwap {
public:
    // All outlive this.
    CompanionSwap(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& options);

    // What takes long and changes nothing: writes all that differs, as far as a look tells.
    Result<void> stage();
    // By which an interruption is told from a restore that took place. Behind the safety backup.
    Result<void> note_safety(const SafetyBackup& safety) { return swap_->set_note(encode(what_is_done(safety))); }
    // Exchanges what differs from the state that the safety backup holds; without one all that was there at the first look.
    // When something fails, or another program has written to one of the files since, nothing has changed.
    Result<void> carry_out(const SafetyBackup& safety, const Watch& watch);
    // A database that has its new content: from then on an interruption is followed by the rest, not by the way back.
    void note_replaced(const std::string& database);
    Result<void> undo();
    void finish();  // what goes wrong is a warning

    std::vector<std::string> warnings;

private:
    struct Staged {
        SyncTogether together;
        OwnersRefused refused = {};
        std::string folder = {};
        std::map<std::string, std::string> files = {};  // by the path in the companion
    };
    Result<void> stage_entry(std::size_t companion, const std::string& path, const repository::DirectoryEntry& entry);
    Result<bool> has_same_content(std::size_t companion, const std::string& path, const repository::DirectoryEntry& then);
    Result<void> add_steps(std::size_t companion, const CompanionEntries& before, Known known, live::SwapPlan& plan);
    Result<void> add_departures(std::size_t companion, const CompanionEntries& before, live::SwapPlan& plan);
    Result<void> expect_nothing_to_lose(const PlannedCompanion& companion, const std::string& path) const;
    Result<bool> is_left_empty(const std::string& folder, const std::set<std::string>& gone) const;
    UnfinishedRestore what_is_done(const SafetyBackup& safety) const;

    Context& context_;
    OpenRepository& opened_;
    RestorePlan& plan_;
    const RestoreRequest& options_;
    std::unique_ptr<live::FileSwap> swap_;
    std::vector<Staged> staged_;  // as plan.companions
    std::uint64_t written_ = 0;
};

}  // namespace holdfast::operations
