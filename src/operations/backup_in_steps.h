// BackupInSteps: one backup, as what can be done before a lock is taken, what has to be done under it, and what can wait
// until it is let go. For this room only.
#pragma once

#include <optional>
#include <vector>

#include "holdfast/operations/backup.h"
#include "holdfast/operations/backup_order.h"
#include "holdfast/operations/plain_copy_order.h"

namespace holdfast::operations {

// low: whoever writes to the databases comes first. normal: they may have to wait for it, or a person does.
enum class Priority : std::uint8_t { low, normal };

// begin(), then record() as often as wanted, then end(); end() also where one of them has failed. What was recorded before
// the last time is a backup as any other.
class BackupInSteps {
public:
    // The request is one with its source's settings.
    BackupInSteps(Context& context, const BackupRequest& request, Priority priority);
    BackupInSteps(const BackupInSteps&) = delete;
    BackupInSteps& operator=(const BackupInSteps&) = delete;
    ~BackupInSteps();  // ends it

    // The databases are found, the repository is opened, and before_backup hooks are run. Nothing is recorded.
    Result<void> begin();
    // Of the databases and their WALs, as begin() found them.
    std::uint64_t bytes_to_keep() const { return bytes_to_keep_; }
    // The databases as they are now.
    Result<void> record();
    // What is expected of the content of all that was recorded is looked at, and retention applied. end() does it, too.
    void settle();
    // Plain copies of the last that was recorded, and hooks. `failure`: why it was not done; null: it was.
    void end(const Error* failure);

    // Of the last record(); complete after end().
    BackupReport& report() { return recorded_.back().report; }

private:
    struct Prepared {
        std::vector<NamedDatabase> databases;
        BackupOrder order;
    };
    struct Recorded {
        repository::Snapshot snapshot;
        bool is_new = false;       // else one that was there holds the same
        bool is_first = false;     // of its source
        bool is_settled = false;
        repository::NoteSummary notes;
        BackupReport report;
    };
    Result<std::vector<NamedDatabase>> databases_now();
    Result<Prepared> prepare();
    Result<void> record(const BackupOrder& order);
    void make_copies(Recorded& recorded);

    Context context_;
    const BackupRequest request_;
    const Priority priority_;
    HooksAround hooks_;
    HookFacts facts_;  // grow as they become known
    const Result<std::optional<PlainCopyOrder>> plain_;
    std::shared_ptr<OpenRepository> opened_;
    std::optional<Prepared> prepared_;
    std::uint64_t bytes_to_keep_ = 0;
    std::vector<Recorded> recorded_;
    bool has_ended_ = false;
};

}  // namespace holdfast::operations
