// The backup before a write: the part of requests that write into a database, and what tells the way back.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct BackupInUse;
class BackupInSteps;

struct BeforeWriteRequest {
    RepositoryRequest repository;
    bool no_backup = false;
    bool yes = false;
    std::uint64_t wait_s = 10;
    std::string on_behalf;  // of this operation, which is made of several; no flag
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(no_backup, {.name = "no-backup", .sentence = "Make no backup first: on a full disk, say. Asked about on a terminal; else --yes is needed."});
        visit(yes, {.name = "yes", .sentence = "Answer the question beforehand.", .letter = 'y'});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        repository.describe(visit);
    }
};

// The state before a write.
struct WayBack {
    std::uint64_t number = 0;  // 0: no backup was made
    std::string repository, command;
    bool was_there = false;
    bool incomplete = false;
    std::vector<std::string> warnings;
    std::shared_ptr<const BackupInUse> in_use;  // nobody forgets it before the write has ended
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "Backup of the state before; 0: none was made.");
        visit("repository", repository, "Where it is kept.");
        visit("command", command, "The command that brings the state before back.");
        visit("was_there", was_there, "It was there already: nothing had changed since.");
        visit("incomplete", incomplete, "It lacks something besides the database, is not of one moment, or not as expected.");
        visit("warnings", warnings, "What else should be known of it.");
    }
};

// Why it is made, for its operation and comment.
struct WriteReason {
    std::string operation;  // a name
    std::string what;       // for the comment; empty: the operation
};

// An automatic backup of the database as it is when it is about to be written, with the others of its source, so that it is
// one of that source's backups; of those, some may fail. The way back is for the database alone. Any failure must keep the
// caller from writing; it says what else can be done. A database that is damaged is kept as evidence, and refused.
//
// In three steps, as others wait while the write lock is held: ahead(); then, under the lock, make(), for which little is
// left; and end(), when the lock is let go. With --no-backup there is none of it. What has failed once is not tried again.
class BackupBefore {
public:
    // The way back is filled in as it becomes known; it outlives this.
    BackupBefore(Context& context, const BeforeWriteRequest& request, const std::string& database, WriteReason reason, WayBack& way_back);
    BackupBefore(const BackupBefore&) = delete;
    BackupBefore& operator=(const BackupBefore&) = delete;
    ~BackupBefore();  // what was stopped by hooks is started again; nothing else is done for a write that did not take place

    // Before the database is opened for writing: opens the repository, runs before_backup hooks, and keeps large databases as
    // they are now, in a backup that is the way back if nobody writes before the lock is had.
    Result<void> ahead();
    // What live::WriteOrder calls under the lock, as often as the write is tried: make(). None with --no-backup.
    std::function<Result<void>()> safety();
    Result<void> make();
    // After the write: looks at what is expected; retention; plain copies; after_backup hooks. Adds all warnings.
    void end();

private:
    Result<void> begin();
    Result<void> expect_recorded(Result<void> recorded);
    Error refused(Error error);

    Context context_;
    const BeforeWriteRequest request_;
    const std::string database_;
    const WriteReason reason_;
    WayBack& way_back_;
    std::unique_ptr<BackupInSteps> steps_;
    std::optional<Error> refusal_;
};
// Where no lock is held.
Result<WayBack> back_up_before(Context& context, const BeforeWriteRequest& request, const std::string& database, const WriteReason& reason);

// With --no-backup: that it is meant. `cancelled` when the answer is no, `invalid` when nobody can be asked; busy: a restore
// was interrupted there, which a backup would mend.
Result<void> expect_meant(Context& context, const BeforeWriteRequest& request, const std::string& database);

// Error and way back in one: what a failure leaves, for people.
Error with_way_back(Error error, const WayBack& way_back);

}  // namespace holdfast::operations
