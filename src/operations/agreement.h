// agreement: whether the files that belong with a database say the same as it: as they are now, or in a backup.
#pragma once

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct AgreementRequest {
    RepositoryRequest repository;
    std::string snapshot = "live";
    std::string source;

    static OperationText operation() {
        return {.name = "agreement",
                .sentence = "Look whether the files that belong with a database say the same as it.",
                .details = "What has to agree stands in the settings, [[source.NAME.agreement]]: indexes of FAISS, arrays of numpy, JSON, other databases, or a command of "
                           "your own, compared with what queries to the database answer. Backups, verifications and drills look by themselves. Which ids are missing on "
                           "which side is told. Of files that are being written while they are read, a disagreement may be gone the next time. Exit code 3: something "
                           "disagrees, or could not be checked.",
                .examples = {{"holdfast agreement", "of every source, as it is now"},
                             {"holdfast agreement latest", "in its newest backup"},
                             {"holdfast agreement 43 --json", "in this backup"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup (43, latest), or live: the files as they are now.", .value = "SNAPSHOT", .positional = true});
        visit(source, {.name = "source", .sentence = "Of this source of the settings alone.", .value = "NAME"});
        repository.describe(visit);
    }
};
struct SourceAgreement {
    std::string source, of;
    std::uint64_t number = 0;
    std::vector<AgreementResult> agreement;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source.");
        visit("of", of, "live, or backup #43.");
        visit("number", number, "The backup; 0: live.");
        visit("agreement", agreement, "Each thing that has to agree.");
    }
};
struct AgreementReport {
    bool agrees = true;
    std::vector<SourceAgreement> sources;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("agrees", agrees, "All of it agrees. False: something disagrees or could not be checked, exit code 3.");
        visit("sources", sources, "Each source.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<AgreementReport> agreement(Context& context, const AgreementRequest& request);

}  // namespace holdfast::operations
