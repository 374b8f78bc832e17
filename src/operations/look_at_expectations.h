// Whether a database is as its source's settings expect it.
#pragma once

#include <functional>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/operations/losses.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// What nothing can hold in: none of it is met, whatever a query would answer without any table.
std::vector<ExpectationResult> unmet_by_emptiness(const std::vector<Expectation>& expectations);

// The same database where it still had all rows of a table, so far as is known.
struct MemberBaseline {
    std::unique_ptr<sqlite::Image> image;   // null: there is none, and no loss to speak of
    repository::SnapshotNumber number;
    bool is_gone = false;                   // rows were lost before, and the backup that had them is gone
};
using MemberBefore = std::function<Result<MemberBaseline>(const std::string& table)>;
MemberBefore nothing_before();
// All three outlive what is returned.
MemberBefore member_before(const repository::Repository& repository, const EarlierBackups& earlier, const std::string& member);

// Of one database. What cannot be answered, or not in time, is not met. Errors: only `cancelled`, and `corrupt` when the
// image cannot be read.
Result<std::vector<ExpectationResult>> look_at_expectations(Context& context, const sqlite::Image& image, const MemberBefore& before,
                                                            const std::vector<Expectation>& expectations);

// The same of every database of a backup, compared with what came before it.
Result<std::vector<ExpectationResult>> look_at_backup(Context& context, const repository::Repository& repository,
                                                      const repository::Snapshot& snapshot, const std::vector<Expectation>& expectations);

// Databases of the backup that are empty (0 bytes) and were not before, until a person accepts it.
Result<std::vector<UnmetThing>> emptied_in(const repository::Repository& repository, const repository::Snapshot& snapshot);

}  // namespace holdfast::operations
