// Verification: backups checked byte by byte and opened in SQLite, what was found told in the user's words, and noted.
#pragma once

#include <map>

#include "holdfast/history/history.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/verify.h"
#include "holdfast/repository/check.h"

namespace holdfast::operations {

class Verification {
public:
    Verification(Context& context, repository::Repository& repository, repository::VerifyLevel level)
        : context_(context), repository_(repository), level_(level) {}

    // Everything needed is there (listed), or reads and proves (hashed and deeper).
    Result<void> check_bytes(const repository::CheckRequest& request);
    // At level opened: SQLite checks each database of a backup whose bytes are good.
    Result<void> open(const history::Moment& moment);
    // At level opened: whether what is expected holds and agrees, in a backup that is good. No verdict: its bytes are right.
    Result<void> look_at_expected(const history::Moment& moment, const LoadedSettings& loaded);
    // Notes the verdicts on the backups, but for those that have been pruned meanwhile. A repository that cannot be
    // written is as good as its bytes.
    Result<void> note(std::span<const history::Moment> moments);

    VerifyReport take_report() && { return std::move(report_); }

private:
    struct Verdict {
        bool is_good = true;
        std::string findings;
    };
    void note_what_has_changed(const history::Moment& moment, const ExpectedNote& told);
    void fail_backup(repository::SnapshotNumber number, const std::string& why);
    void tell_of(const repository::DamagedRange& range);
    std::vector<std::string> tables_of(const repository::DamagedRange& range) const;
    Result<void> open_member(repository::SnapshotNumber number, const repository::DirectoryEntry& entry);

    Context& context_;
    repository::Repository& repository_;
    repository::VerifyLevel level_;
    VerifyReport report_;
    std::map<repository::SnapshotNumber, Verdict> verdicts_;
};

}  // namespace holdfast::operations
