// Reports as text for people, one function per report; what a program reads is JSON, made from describe().
#pragma once

#include <string>

#include "holdfast/base/text.h"
#include "holdfast/cli/style.h"
#include "holdfast/operations/adopt.h"
#include "holdfast/operations/agreement.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/backup_sources.h"
#include "holdfast/operations/check_settings.h"
#include "holdfast/operations/diff.h"
#include "holdfast/operations/doctor.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/dump.h"
#include "holdfast/operations/exec.h"
#include "holdfast/operations/bundle.h"
#include "holdfast/operations/files.h"
#include "holdfast/operations/forget.h"
#include "holdfast/operations/fresh.h"
#include "holdfast/operations/guard.h"
#include "holdfast/operations/hold.h"
#include "holdfast/operations/init.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/log.h"
#include "holdfast/operations/maintain_every.h"
#include "holdfast/operations/query.h"
#include "holdfast/operations/rebuild.h"
#include "holdfast/operations/restore.h"
#include "holdfast/operations/schedule.h"
#include "holdfast/operations/shell.h"
#include "holdfast/operations/simulate_retention.h"
#include "holdfast/operations/source.h"
#include "holdfast/operations/status.h"
#include "holdfast/operations/verify.h"

namespace holdfast::cli {

std::string text_of(const operations::InitReport& report, const Style& style);
std::string text_of(const operations::BackupReport& report, const Style& style);
std::string announcement_of(const operations::BackupReport& report, const Style& style);  // before a guarded command
std::string text_of(const operations::GuardReport& report, const Style& style);
std::string text_of(const operations::SourcesBackupReport& report, const Style& style);
std::string text_of(const operations::CheckSettingsReport& report, const Style& style);
std::string text_of(const operations::SettingsReferenceReport& report, const Style& style);
std::string text_of(const operations::AdoptReport& report, const Style& style);
std::string text_of(const operations::BundleReport& report, const Style& style);
std::string agreement_lines(const std::vector<operations::AgreementResult>& results, const Style& style);
std::string text_of(const operations::AgreementReport& report, const Style& style);
std::string text_of(const operations::RebuildReport& report, const Style& style);
std::string rebuild_lines(const std::vector<operations::RebuildRun>& runs, const Style& style);
std::string text_of(const operations::ListReport& report, const Style& style);
std::string text_of(const operations::ShowReport& report, const Style& style);
std::string text_of(const operations::StatusReport& report, const Style& style);
std::string text_of(const operations::DoctorReport& report, const Style& style);
enum class FileLine { path, all };
std::string line_of(const operations::ListedFile& file, FileLine how);
std::string json_line_of(const operations::ListedFile& file);                // without its end
std::string notes_of(const operations::FilesReport& report, const Style& style);  // beside the lines
std::string text_of(const operations::QueryReport& report, const Style& style);
std::string notes_of(const operations::QueryReport& report, const Style& style);  // beside the rows
std::string announcement_of(const operations::ShellReport& report, const Style& style);
std::string text_of(const operations::RestoreReport& report, const Style& style);
std::string text_of(const operations::DiffReport& report, const Style& style);
std::string text_of(const operations::DumpReport& report, const Style& style);
std::string text_of(const operations::FreshReport& report, const Style& style);
std::string text_of(const operations::VerifyReport& report, const Style& style);
std::string text_of(const operations::DrillReport& report, const Style& style);
std::string text_of(const operations::ForgetReport& report, const Style& style);
std::string text_of_rule(const operations::ForgetReport& report, const Style& style);  // when a rule chose them
std::string text_of(const operations::SimulateRetentionReport& report, const Style& style);
std::string text_of(const operations::PruneReport& report, const Style& style);
std::string text_of(const operations::HoldReport& report, const Style& style);
std::string text_of(const operations::AnnotateReport& report, const Style& style);
std::string text_of(const operations::LogReport& report, const Style& style);
std::string text_of(const operations::ScheduleReport& report, const Style& style);
std::string text_of(const operations::ScheduleRunReport& report, const Style& style);
std::string text_of(const operations::SourceListReport& report, const Style& style);
std::string text_of(const operations::SourceMoveReport& report, const Style& style);
std::string text_of(const operations::ExecReport& report, const Style& style);
std::string text_of(const operations::MaintainCheckReport& report, const Style& style);
std::string text_of(const operations::MaintainCleanupReport& report, const Style& style);
std::string text_of(const operations::MaintainVacuumReport& report, const Style& style);
std::string text_of(const operations::MaintainAnalyzeReport& report, const Style& style);
std::string text_of(const operations::MaintainStatsReport& report, const Style& style);
std::string text_of(const operations::MaintainAllReport& report, const Style& style);
template <typename ReportType>
std::string text_of(const operations::MaintainEveryReport<ReportType>& report, const Style& style) {
    std::string out;
    for (const auto& one : report.databases) {
        out += style.bold(printable(one.database)) + "\n";
        if (one.done) out += text_of(*one.done, style);
        if (!one.error.empty()) out += style.bad("failed: ") + printable(one.error) + "\n";
        if (!one.advice.empty()) out += format("  try: {}\n", printable(one.advice));
    }
    return out;
}

// What differs between two databases, a line each thing.
std::string difference_in_words(const operations::DatabaseDifference& difference, const Style& style);
std::string difference_in_words(const operations::FilesDifference& files, const Style& style);

// Parts of reports of verbs that write.
std::string changes_in_words(const std::vector<operations::ChangedTable>& changes, bool dry_run);
std::string way_back_in_words(const operations::WayBack& before, const Style& style);

}  // namespace holdfast::cli
