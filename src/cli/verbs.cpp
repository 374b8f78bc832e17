#include "holdfast/cli/verbs.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"
#include "holdfast/cli/progress_bar.h"
#include "holdfast/cli/row_writers.h"
#include "holdfast/host/console.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/standard_output.h"
#include "holdfast/operations/audited.h"
#include "holdfast/operations/doctor.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/outcome.h"
#include "holdfast/operations/undo.h"

namespace holdfast::cli {
namespace {

using namespace holdfast::operations;

int exit_code_of(const auto&) { return 0; }
int exit_code_of(const BackupReport& report) { return report.is_incomplete() ? exit_code_partial : 0; }
int exit_code_of(const RestoreReport& report) {
    const bool is_partial = report.hooks_incomplete || report.unmet || std::ranges::any_of(report.databases, &operations::RestoredMember::damaged);
    return is_partial ? exit_code_partial : 0;
}
int exit_code_of(const StatusReport& report) { return report.missed.empty() ? 0 : exit_code_missed; }
int exit_code_of(const DoctorReport& report) {
    if (report.faults > 0) return exit_code_faults;
    return report.warnings > 0 ? exit_code_warnings : 0;
}
int exit_code_of(const DrillReport& report) { return report.passed ? 0 : operations::exit_code_of(ErrorCode::corrupt); }
int exit_code_of(const AgreementReport& report) { return report.agrees ? 0 : exit_code_partial; }
int exit_code_of(const RebuildReport& report) { return report.unmet ? exit_code_partial : 0; }
int exit_code_of(const SourceMoveReport& report) { return report.damaged ? exit_code_partial : 0; }
int exit_code_of(const DumpReport& report) { return report.incomplete ? exit_code_partial : 0; }
int exit_code_of(const FreshReport& report) { return report.hooks_incomplete ? exit_code_partial : 0; }
int exit_code_of(const LogReport& report) { return report.good ? 0 : operations::exit_code_of(ErrorCode::corrupt); }
int exit_code_of(const ScheduleRunReport& report) { return static_cast<int>(report.exit_code); }
int exit_code_of(const AdoptReport& report) { return report.refused > 0 || report.damaged > 0 || report.disagreeing > 0 ? exit_code_partial : 0; }
int exit_code_of(const VerifyReport& report) {
    if (!report.good) return operations::exit_code_of(ErrorCode::corrupt);
    return report.unmet ? exit_code_partial : 0;
}

int exit_code_of(const SourcesBackupReport& report) { return report.exit_code; }
int exit_code_of(const CheckSettingsReport& report) { return report.good ? 0 : operations::exit_code_of(ErrorCode::invalid); }

// The screen will be another program's.
void finish_progress(const Context& context) {
    if (auto* bar = dynamic_cast<ProgressBar*>(context.watch.progress)) bar->finish();
}

template <typename Request>
class VerbWith : public Verb {
public:
    VerbText text() override { return {Request::operation(), fields_of(request_)}; }

protected:
    Request request_;
};

template <typename Request, typename ReportType, Result<ReportType> (*operation)(Context&, const Request&)>
class VerbOf : public VerbWith<Request> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        const ReportType report = TRY(audited(context, this->request_, operation));
        return Answer{json_of(report), text_of(report, style), exit_code_of(report)};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<VerbOf>(); }
};

// Without databases, `backup` is of every source of the settings. `backup --list` is `list` with the same repository, of the
// source that the database belongs to.
class BackupVerb : public VerbOf<BackupRequest, BackupReport, operations::backup> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        if (!request_.list) {
            if (!TRY(means_every_source(context, request_))) return VerbOf::run(context, style);
            const auto report = TRY(backup_sources(context, request_));
            return Answer{json_of(report), text_of(report, style), exit_code_of(report)};
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

// One database is told by itself; those of the settings as a list.
template <typename Request, typename ReportType, Result<ReportType> (*operation)(Context&, const Request&)>
class MaintainVerb : public VerbOf<Request, ReportType, operation> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        if (!this->request_.target.database.empty()) return VerbOf<Request, ReportType, operation>::run(context, style);
        const auto report = TRY(maintain_every(context, this->request_, operation));
        return Answer{json_of(report), text_of(report, style), report.exit_code};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<MaintainVerb>(); }
};

// So too; several can be named.
class MaintainAllVerb : public VerbOf<MaintainAllRequest, MaintainAllReport, operations::maintain_all> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        if (request_.databases.size() == 1) return VerbOf::run(context, style);
        const auto report = TRY(maintain_every(context, request_));
        return Answer{json_of(report), text_of(report, style), report.exit_code};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<MaintainAllVerb>(); }
};

// Standard output is the command's, where there is one.
class GuardVerb : public VerbOf<GuardRequest, GuardReport, operations::guard> {
public:
    Result<Answer> run(Context& context, const Style& of_output) override {
        const Style style{.colour = host::is_terminal(host::Stream::error) && !host::environment("NO_COLOR"), .quiet = of_output.quiet};
        request_.announce = [&](const BackupReport& report) {
            say(context, style.quiet ? "" : announcement_of(report, style), Json().set("backup", json_of(report)));
        };
        request_.announce_failure = [&](const Error& error) {
            const std::string text = "holdfast: " + style.bad("the backup failed: ") + printable(error.text()) + "; the command is run all the same\n";
            say(context, text, Json().set("backup_error", error.text()));
        };
        const auto report = TRY(audited(context, request_, operations::guard));
        const bool has_command = !request_.command.empty();
        return Answer{json_of(report), text_of(report, style), static_cast<int>(report.exit_code), has_command};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<GuardVerb>(); }

private:
    static void say(const Context& context, const std::string& text, const Json& json) {
        finish_progress(context);
        const std::string line = context.errors_are_json ? json.to_text() + "\n" : text;
        std::fwrite(line.data(), 1, line.size(), stderr);
    }
};

// Standard output is sqlite3's.
class ShellVerb : public VerbWith<ShellRequest> {
public:
    Result<Answer> run(Context& context, const Style& of_output) override {
        const Style style{.colour = host::is_terminal(host::Stream::error) && !host::environment("NO_COLOR"), .quiet = of_output.quiet};
        request_.announce = [&](const ShellReport& report) {
            finish_progress(context);
            if (context.errors_are_json || style.quiet) return;
            const std::string text = announcement_of(report, style);
            std::fwrite(text.data(), 1, text.size(), stderr);
        };
        const auto report = TRY(audited(context, request_, operations::shell));
        return Answer{.json = json_of(report), .text = "", .exit_code = static_cast<int>(report.exit_code), .is_beside = true, .notes = {}};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<ShellVerb>(); }
};

// Rows go to standard output, the moment they are of beside them. With --csv and --json-lines they go as they come, and the
// report is beside, too; with --json they go so within the report.
class QueryVerb : public VerbOf<QueryRequest, QueryReport, operations::query> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        const auto writer = request_.csv ? csv_writer() : request_.json_lines ? json_lines_writer() : nullptr;
        if (style.json && !writer && !request_.tables) return run_as_json(context);
        request_.rows = writer.get();
        auto report = audited(context, request_, operations::query);
        if (writer) TRY(writer->finish());  // also what came before a failure
        if (!report) return std::move(report).error();
        Answer answer{.json = style.json ? json_of(*report) : Json(), .text = writer ? "" : text_of(*report, style), .exit_code = 0, .is_beside = writer != nullptr, .notes = {}};
        answer.notes = notes_of(*report, style);
        return answer;
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<QueryVerb>(); }

private:
    Result<Answer> run_as_json(Context& context) {
        JsonReportWriter writer;
        request_.rows = &writer;
        const auto report = TRY(audited(context, request_, operations::query));
        TRY(writer.finish(json_of(report)));
        return Answer{};
    }
};

// Each file goes to standard output as it comes: one to a line; with --json within the report, before all else it has.
class FilesVerb : public VerbWith<FilesRequest> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        request_.take = [&](const ListedFile& file) -> Result<void> {
            if (style.json) text_ += (std::exchange(is_first_, false) ? "{\"entries\":[" : ",\n") + json_line_of(file);
            else text_ += line_of(file, request_.is_long ? FileLine::all : FileLine::path);
            return text_.size() < piece ? Result<void>() : write();
        };
        auto report = audited(context, request_, operations::list_files);
        if (!report) return std::move(report).error();
        if (style.json) text_ += (is_first_ ? "{\"entries\":[" : "") + format("],{}\n", json_of(*report).to_text().substr(1));
        TRY(write());
        Answer answer{.json = Json(), .text = "", .exit_code = report->damage.empty() ? 0 : operations::exit_code_of(ErrorCode::corrupt), .is_beside = true, .notes = {}};
        // Damage is told however quiet it is to be.
        (report->damage.empty() ? answer.notes : answer.text) = notes_of(*report, style);
        return answer;
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<FilesVerb>(); }

private:
    static constexpr std::size_t piece = 64 * 1024;
    Result<void> write() {
        TRY(host::write_to_standard_output(bytes_of(text_)));
        text_.clear();
        return {};
    }
    std::string text_;
    bool is_first_ = true;
};

// The file's bytes are the result. A terminal would take some of those of a binary one for commands.
class CatVerb : public VerbWith<CatRequest> {
public:
    Result<Answer> run(Context& context, const Style&) override {
        request_.write = [&](ByteView bytes) -> Result<void> {
            const bool is_binary = std::ranges::find(bytes, std::byte{0}) != bytes.end();
            if (is_binary && host::is_terminal(host::Stream::output)) {
                return fail(ErrorCode::invalid, "write a file to standard output: it is a terminal, and the file is no text").with_advice("> FILE, or | another program");
            }
            finish_progress(context);
            return host::write_to_standard_output(bytes);
        };
        const auto report = TRY(audited(context, request_, operations::cat));
        return Answer{.json = json_of(report), .text = lines("note: ", report.warnings), .exit_code = 0, .is_beside = true, .notes = {}};
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<CatVerb>(); }
};

// The script is the result, and goes to standard output as it is made.
class DiffVerb : public VerbOf<DiffRequest, DiffReport, operations::diff> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        request_.script = [](std::string_view sql) -> Result<void> {
            if (std::fwrite(sql.data(), 1, sql.size(), stdout) == sql.size()) return {};
            return fail(ErrorCode::unavailable, "write the script to standard output");
        };
        const auto report = TRY(audited(context, request_, operations::diff));
        const int differs = request_.exit_code && !report.equal ? exit_code_differs : 0;
        Answer answer{.json = json_of(report), .text = "", .exit_code = report.incomplete ? exit_code_partial : differs, .is_beside = request_.sql, .notes = {}};
        if (request_.sql) answer.text = lines("note: ", report.warnings);
        else answer.text = text_of(report, style);
        return answer;
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<DiffVerb>(); }
};

// What is written to standard output is the result; what there is to say stands beside it.
class DumpVerb : public VerbOf<DumpRequest, DumpReport, operations::dump> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        auto answer = TRY(VerbOf::run(context, style));
        answer.is_beside = (request_.to.empty() || request_.to == "-") && !request_.dry_run;
        return answer;
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<DumpVerb>(); }
};

// `restore --to -` has its result on standard output, where nothing else may be.
class RestoreVerb : public VerbOf<RestoreRequest, RestoreReport, operations::restore> {
public:
    Result<Answer> run(Context& context, const Style& style) override {
        const bool is_to_output = request_.to == "-";
        if (is_to_output && host::is_terminal(host::Stream::output)) {
            return fail(ErrorCode::invalid, "restore to standard output: it is a terminal").with_advice("> FILE, or | another program; or --to FILE");
        }
        auto answer = TRY(VerbOf::run(context, style));
        answer.is_beside = is_to_output;
        return answer;
    }
    static std::unique_ptr<Verb> make() { return std::make_unique<RestoreVerb>(); }
};

}  // namespace

const std::vector<VerbEntry>& verbs() {
    static const std::vector<VerbEntry> table = {
        {"init", VerbOf<InitRequest, InitReport, operations::init>::make},
        {"settings check", VerbOf<CheckSettingsRequest, CheckSettingsReport, operations::check_settings>::make},
        {"settings reference", VerbOf<SettingsReferenceRequest, SettingsReferenceReport, operations::reference_of_settings>::make},
        {"backup", BackupVerb::make},
        {"guard", GuardVerb::make},
        {"list", VerbOf<ListRequest, ListReport, operations::list>::make},
        {"files", FilesVerb::make},
        {"cat", CatVerb::make},
        {"show", VerbOf<ShowRequest, ShowReport, operations::show>::make},
        {"status", VerbOf<StatusRequest, StatusReport, operations::status>::make},
        {"doctor", VerbOf<DoctorRequest, DoctorReport, operations::doctor>::make},
        {"agreement", VerbOf<AgreementRequest, AgreementReport, operations::agreement>::make},
        {"rebuild", VerbOf<RebuildRequest, RebuildReport, operations::rebuild>::make},
        {"exec", VerbOf<ExecRequest, ExecReport, operations::exec>::make},
        {"query", QueryVerb::make},
        {"diff", DiffVerb::make},
        {"dump", DumpVerb::make},
        {"shell", ShellVerb::make},
        {"restore", RestoreVerb::make},
        {"fresh", VerbOf<FreshRequest, FreshReport, operations::fresh>::make},
        {"undo", VerbOf<UndoRequest, RestoreReport, operations::undo>::make},
        {"verify", VerbOf<VerifyRequest, VerifyReport, operations::verify>::make},
        {"drill", VerbOf<DrillRequest, DrillReport, operations::drill>::make},
        {"forget", VerbOf<ForgetRequest, ForgetReport, operations::forget>::make},
        {"recall", VerbOf<RecallRequest, ForgetReport, operations::recall>::make},
        {"hold", VerbOf<HoldRequest, HoldReport, operations::hold>::make},
        {"unhold", VerbOf<UnholdRequest, HoldReport, operations::unhold>::make},
        {"annotate", VerbOf<AnnotateRequest, AnnotateReport, operations::annotate>::make},
        {"retention simulate", VerbOf<SimulateRetentionRequest, SimulateRetentionReport, operations::simulate_retention>::make},
        {"bundle", VerbOf<BundleRequest, BundleReport, operations::bundle_backup>::make},
        {"adopt", VerbOf<AdoptRequest, AdoptReport, operations::adopt>::make},
        {"source list", VerbOf<SourceListRequest, SourceListReport, operations::list_sources>::make},
        {"source move", VerbOf<SourceMoveRequest, SourceMoveReport, operations::move_source>::make},
        {"prune", VerbOf<PruneRequest, PruneReport, operations::prune>::make},
        {"schedule install", VerbOf<ScheduleInstallRequest, ScheduleReport, operations::install_schedule>::make},
        {"schedule show", VerbOf<ScheduleShowRequest, ScheduleReport, operations::show_schedule>::make},
        {"schedule remove", VerbOf<ScheduleRemoveRequest, ScheduleReport, operations::remove_schedule>::make},
        {"schedule run", VerbOf<ScheduleRunRequest, ScheduleRunReport, operations::run_scheduled>::make},
        {"log", VerbOf<LogRequest, LogReport, operations::show_log>::make},
        {"maintain check", MaintainVerb<MaintainCheckRequest, MaintainCheckReport, operations::maintain_check>::make},
        {"maintain cleanup", MaintainVerb<MaintainCleanupRequest, MaintainCleanupReport, operations::maintain_cleanup>::make},
        {"maintain vacuum", MaintainVerb<MaintainVacuumRequest, MaintainVacuumReport, operations::maintain_vacuum>::make},
        {"maintain analyze", MaintainVerb<MaintainAnalyzeRequest, MaintainAnalyzeReport, operations::maintain_analyze>::make},
        {"maintain stats", MaintainVerb<MaintainStatsRequest, MaintainStatsReport, operations::maintain_stats>::make},
        {"maintain all", MaintainAllVerb::make},
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
