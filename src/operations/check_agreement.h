// check_agreement(): whether a source's files say the same as its databases, wherever both are.
#pragma once

#include "holdfast/operations/agreement_questions.h"
#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

// What an earlier backup still had of a file, so far as is known.
struct FileBefore {
    std::uint64_t size = 0;
    repository::SnapshotNumber number;
    bool is_gone = false;  // it was lost before, and the backup that had it is gone
};
using FileBaseline = std::function<Result<FileBefore>(const std::string& path)>;
// Of a backup: until a person accepts that it is empty. All outlive it.
FileBaseline file_before(Context& context, const repository::Repository& repository, const EarlierBackups& earlier);

struct AgreementMatter {
    std::vector<DatabaseToAgree> databases;
    AgreementFiles& files;
    FileBaseline before = nullptr;                  // none: there was nothing before
    std::function<Result<void>()> asked = nullptr;  // the databases have been asked, and are needed no more
};
// Each table in `settings`. Commands run in `folder`. What disagrees is a result; errors: `cancelled`, what `asked` says, and
// those of files that cannot even be listed.
struct AgreementOrder {
    const std::vector<AgreementSettings>& settings;
    std::string folder;
};
Result<std::vector<AgreementResult>> check_agreement(Context& context, const AgreementOrder& order, const AgreementMatter& matter);

// Of a backup in the repository: what its images and its companions say. Empty: the settings ask for nothing.
Result<std::vector<AgreementResult>> agreement_of_backup(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot,
                                                         const LoadedSettings& loaded);

// Of what a restore has written: where each database and companion was, and where it is now. For a drill, and for a restore
// to look whether what is there now agrees.
struct RestoredFiles {
    std::string source;                       // its name in the settings
    std::map<std::string, std::string> to;    // from, to: databases and companions, as RestoreReport has them
    std::vector<std::string> databases;       // those of them that are databases: from
};
Result<std::vector<AgreementResult>> agreement_of_restored(Context& context, const LoadedSettings& loaded, const RestoredFiles& restored);

// What is not right, as notes and reports tell it.
std::vector<UnmetThing> unmet_among(std::span<const AgreementResult> results);

}  // namespace holdfast::operations
