// Losses: rows of a table, or a whole database, that an earlier backup still had. Noted on each backup that lacks them,
// until they are back or a person accepts it: what is merely older is not right for that.
#pragma once

#include <span>

#include "holdfast/history/history.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/expectations.h"

namespace holdfast::operations {

// What may be lost, as notes name it.
std::string rows_of_table(const std::string& member, const std::string& table);
std::string content_of(const std::string& member);

// With what one thing of a backup is compared.
struct Baseline {
    std::optional<repository::Snapshot> snapshot;  // with its root nodes; none: there is nothing to compare with
    bool is_gone = false;                          // there was, and a prune has dropped it
};

// What came before one backup of a source.
class EarlierBackups {
public:
    static Result<EarlierBackups> of(const repository::Repository& repository, const repository::Snapshot& now);
    // The newest earlier backup of the source that is whole and had not lost the thing, or whose losses were accepted. None
    // when the backup's own were.
    Result<Baseline> baseline(const std::string& thing) const;
    repository::SnapshotNumber number() const { return number_; }

private:
    EarlierBackups(const repository::Repository& repository, const repository::Snapshot& now, repository::NotesRead notes)
        : repository_(&repository), number_(now.number), source_(now.source.id), notes_(std::move(notes)) {}
    Result<std::optional<repository::Snapshot>> newest_without(const std::string& thing) const;

    const repository::Repository* repository_;
    repository::SnapshotNumber number_;
    std::array<std::byte, 16> source_;
    repository::NotesRead notes_;
};

// One thing that is expected of a backup and does not hold; without `lost` it is a query, which nobody can accept.
struct UnmetThing {
    std::string what, why, lost;
};
std::vector<UnmetThing> unmet_among(std::span<const ExpectationResult> results);

// What was looked at, and what of it does not hold. `asked`: a hash of what the settings asked (look_at_content.h).
struct ExpectedNote {
    std::span<const UnmetThing> unmet;
    std::optional<Hash> asked;
};
Result<void> note_expected(Context& context, repository::Repository& repository, repository::SnapshotNumber number, const ExpectedNote& told);

// What a backup's notes say that does not hold and nobody has accepted, in words for people.
std::vector<std::string> unmet_by_notes(const repository::NoteSummary& notes);
// Whether there is a loss to be accepted.
bool has_loss(const repository::NoteSummary& notes);

std::string accepting_command(repository::SnapshotNumber number);

}  // namespace holdfast::operations
