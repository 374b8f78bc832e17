// LookAtContent: what a backup has to say of itself: whether it holds what the settings expect, whether its files agree with
// its databases, whether a database is empty that was not.
#pragma once

#include "holdfast/operations/backup.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// A hash of what the settings ask for of that; none: of nothing. It is noted of each backup with what was found, right or not.
std::optional<Hash> asked_of_content(const LoadedSettings& loaded, const std::string& source);
// Nobody has looked at what the settings ask now: the backup was killed behind its commit, or they asked for something else
// when it was made. Whoever meets it looks.
bool is_yet_to_be_looked_at(const repository::Snapshot& snapshot, const repository::NoteSummary& notes, const LoadedSettings& loaded);

// What the notes say of a backup that holds what is there now.
void tell_noted(const repository::NoteSummary& notes, BackupReport& report);

// Tells in the report, and notes on the backup, so that it does not become the measure of the next ones and status goes on
// telling. What does not hold stops nothing: a backup of what has gone wrong is better than none. All three outlive it.
class LookAtContent {
public:
    LookAtContent(Context& context, repository::Repository& repository, const LoadedSettings& loaded) : context_(context), repository_(repository), loaded_(loaded) {}

    void at_new(const repository::Snapshot& snapshot, BackupReport& report) const;
    // Tells what its notes say. Nothing is read, unless it is yet to be looked at.
    void at_confirmed(const repository::Snapshot& snapshot, const repository::NoteSummary& notes, BackupReport& report) const;

private:
    Context& context_;
    repository::Repository& repository_;
    const LoadedSettings& loaded_;
};

}  // namespace holdfast::operations
