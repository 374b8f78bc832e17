#include "holdfast/cli/verbs.h"

#include <algorithm>

#include "holdfast/cli/print.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/outcome.h"
#include "holdfast/operations/undo.h"

namespace holdfast::cli {
namespace {

using namespace holdfast::operations;

int exit_code_of(const auto&) { return 0; }
int exit_code_of(const BackupReport& report) { return report.partial || report.damaged ? exit_code_partial : 0; }
int exit_code_of(const RestoreReport& report) {
    return std::ranges::any_of(report.databases, &operations::RestoredMember::damaged) ? exit_code_partial : 0;
}
int exit_code_of(const StatusReport& report) { return report.missed.empty() ? 0 : exit_code_missed; }
int exit_code_of(const DrillReport& report) { return report.passed ? 0 : operations::exit_code_of(ErrorCode::corrupt); }
int exit_code_of(const VerifyReport& report) { return report.good ? 0 : operations::exit_code_of(ErrorCode::corrupt); }

template <typename Request, typename ReportType, Result<ReportType> (*operation)(Context&, const Request&)>
class VerbOf : public Verb {
public:
    VerbText text() override { return {Request::operation(), fields_of(request_)}; }
    Result<Answer> run(Context& context, const Style& style) override {
        const ReportType report = TRY(operation(context, request_));
        return Answer{json_of(report), text_of(report, style), exit_code_of(report)};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<VerbOf>(); }

protected:
    Request request_;
};

// `backup --list` is `list` with the same repository, of the source that the database belongs to.
class BackupVerb : public VerbOf<BackupRequest, BackupReport, operations::backup> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        if (!request_.list) {
            host::lower_priority_of_this_thread();  // whoever writes to the database comes first
            return VerbOf::run(context, style);
        }
        ListRequest list{.repository = request_.repository, .source = request_.source};
        if (request_.databases.size() > 1) {
            return fail(ErrorCode::invalid, "backup --list: {} databases are named", request_.databases.size())
                .with_advice("name the one whose backups are meant, or none to list all");
        }
        if (list.source.empty() && !request_.databases.empty()) list.source = request_.databases.front();
        const auto report = TRY(operations::list(context, list));
        return Answer{json_of(report), text_of(report, style), 0};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<BackupVerb>(); }
};

}  // namespace

const std::vector<VerbEntry>& verbs() {
    static const std::vector<VerbEntry> table = {
        {"init", VerbOf<InitRequest, InitReport, operations::init>::make},
        {"backup", BackupVerb::make},
        {"list", VerbOf<ListRequest, ListReport, operations::list>::make},
        {"show", VerbOf<ShowRequest, ShowReport, operations::show>::make},
        {"status", VerbOf<StatusRequest, StatusReport, operations::status>::make},
        {"restore", VerbOf<RestoreRequest, RestoreReport, operations::restore>::make},
        {"undo", VerbOf<UndoRequest, RestoreReport, operations::undo>::make},
        {"verify", VerbOf<VerifyRequest, VerifyReport, operations::verify>::make},
        {"drill", VerbOf<DrillRequest, DrillReport, operations::drill>::make},
        {"forget", VerbOf<ForgetRequest, ForgetReport, operations::forget>::make},
        {"recall", VerbOf<RecallRequest, ForgetReport, operations::recall>::make},
        {"hold", VerbOf<HoldRequest, HoldReport, operations::hold>::make},
        {"unhold", VerbOf<UnholdRequest, HoldReport, operations::unhold>::make},
        {"annotate", VerbOf<AnnotateRequest, AnnotateReport, operations::annotate>::make},
        {"prune", VerbOf<PruneRequest, PruneReport, operations::prune>::make},
    };
    return table;
}

std::vector<VerbText> all_verb_texts() {
    // The texts outlive their verbs: nobody fills the fields of a text.
    std::vector<VerbText> texts;
    for (const auto& entry : verbs()) texts.push_back(entry.make()->text());
    return texts;
}

}  // namespace holdfast::cli
