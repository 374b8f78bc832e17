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

// begin(); record(), once or again; then end(), or what comes in its place. A backup that was recorded and is not the last is
// one that the last makes superfluous.
class BackupInSteps {
public:
    // The request is one with its source's settings.
    BackupInSteps(Context& context, const BackupRequest& request, Priority priority);
    BackupInSteps(const BackupInSteps&) = delete;
    BackupInSteps& operator=(const BackupInSteps&) = delete;
    ~BackupInSteps();  // leaves it

    // The databases are found, the repository is opened, and before_backup hooks are run. Nothing is recorded.
    Result<void> begin();
    // Before record(): bytes of the databases that begin() found, and of their WALs; and whether a backup of them can be told
    // to hold what is there, so that no other is made. One that lacks a database, or has a damaged one, cannot.
    std::uint64_t bytes_to_keep() const;
    bool can_be_confirmed() const;
    // The databases as they are now, in the source that they belong to as begin() found it, or as it is known now.
    enum class Source : std::uint8_t { as_begun, looked_up };
    Result<void> record(Source source);
    // Looks whether the last that was recorded holds what is expected, if that was not looked at yet. end() does it, too.
    void look();
    // Retention, plain copies and hooks. Others that were recorded are forgotten.
    void end();
    // It has failed: on_failure hooks.
    void give_up(const Error& why);
    // What it was to be made before does not take place: no retention, no copies; hooks are told if there is a backup.
    void leave();

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
        bool is_looked_at = false;
        std::size_t warnings = 0;  // of its report, when it was recorded
        repository::NoteSummary notes;
        BackupReport report;
    };
    Result<std::vector<NamedDatabase>> databases_now();
    Result<Prepared> prepare();
    Result<std::unique_ptr<host::FileLock>> expect_only_first(Prepared& prepared);
    Result<void> record(const BackupOrder& order);
    void make_copies(Recorded& recorded);
    PlainCopiesReport made_archives(const Recorded& recorded);
    bool is_told_to_others(repository::SnapshotNumber number) const;
    void take_place_of_others();
    template <typename Work>
    void at_priority(Work work);

    Context context_;
    const BackupRequest request_;
    const Priority priority_;
    HooksAround hooks_;
    HookFacts facts_;  // grow as they become known
    const Result<std::optional<PlainCopyOrder>> plain_;
    std::shared_ptr<OpenRepository> opened_;
    std::optional<Prepared> prepared_;
    bool is_first_ = false, has_ended_ = false;
    std::vector<Recorded> recorded_;
    std::vector<std::string> mended_;  // what an interrupted restore had left
    std::string doubtful_set_;         // why that could not be told
};

}  // namespace holdfast::operations
