#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string cleaned_in_words(const operations::CleanedTable& rule, bool dry_run) {
    std::string out = format("  {} by {}, older than {}{}: {} {}\n", printable(rule.table), printable(rule.column), rule.older_than,
                             rule.where.empty() ? "" : " and " + printable(rule.where), counted(rule.deleted, "row"), dry_run ? "would be deleted" : "deleted");
    if (rule.without_time > 0) out += format("    {} without a time, kept\n", counted(rule.without_time, "row"));
    if (rule.unreadable > 0) out += format("    {} with something there that is no time, kept\n", counted(rule.unreadable, "row"));
    return out;
}

}  // namespace

std::string text_of(const operations::MaintainCheckReport& report, const Style& style) {
    std::string out = format("SQLite's own check: {}\n", report.damaged ? style.bad(report.integrity) : report.integrity == "ok" ? style.good("ok") : report.integrity);
    out += lines("  ", report.findings);
    for (const auto& broken : report.references) {
        out += format("  {} of {} refer to rows of {} that are not there\n", counted(broken.rows, "row"), printable(broken.table), printable(broken.parent));
    }
    if (!report.references_note.empty()) out += format("  references could not be checked: {}\n", report.references_note);
    else if (report.references.empty() && !report.damaged) out += format("references: {}\n", style.good("ok"));
    std::size_t number = 0;
    if (!report.ways_on.empty()) out += "what to do, the best first:\n";
    for (const auto& way : report.ways_on) out += format("  {}. {}\n     {}\n", ++number, way.what, way.command);
    return out + lines("note: ", report.warnings);
}

std::string text_of(const operations::MaintainCleanupReport& report, const Style& style) {
    std::string out = report.dry_run ? "dry run: nothing is changed\n" : std::string();
    if (report.rules.empty()) out += "nothing to clean up: there is no rule for it\n";
    for (const auto& rule : report.rules) out += cleaned_in_words(rule, report.dry_run);
    if (!report.changes.empty()) out += "in all, with what hangs on them:\n" + changes_in_words(report.changes, report.dry_run);
    return out + way_back_in_words(report.before, style) + lines("  note: ", report.warnings);
}

std::string text_of(const operations::MaintainVacuumReport& report, const Style& style) {
    std::string out = format("vacuumed: {} before, {} after{}, in {}\n", human_bytes(report.bytes_before), style.bold(human_bytes(report.bytes_after)),
                             report.by_way_of.empty() ? "" : ", by way of " + printable(report.by_way_of), human_duration_ms(report.duration_ms));
    return out + way_back_in_words(report.before, style) + lines("  note: ", report.warnings);
}

std::string text_of(const operations::MaintainAnalyzeReport& report, const Style& style) {
    return format("analyzed: {} now\n", counted(report.indexes, "statistic")) + way_back_in_words(report.before, style);
}

std::string text_of(const operations::MaintainStatsReport& report, const Style& style) {
    std::string out = format("{}: {}{}, {} of {}, {} free; {} mode, {}, user_version {}\n", printable(report.database), style.bold(human_bytes(report.file_bytes)),
                             report.wal_bytes > 0 ? format(" and {} in its -wal", human_bytes(report.wal_bytes)) : "", counted(report.pages, "page"),
                             human_bytes(report.page_size), report.free_pages, report.journal_mode, report.encoding, report.user_version);
    std::vector<std::vector<std::string>> table = {{"table", "rows", "size", "unused"}};
    for (const auto& one : report.tables) {
        table.push_back({printable(one.table), std::to_string(one.rows), human_bytes(one.bytes), human_bytes(one.unused_bytes)});
    }
    return out + columns(table, {false, true, true, true});
}

std::string text_of(const operations::MaintainAllReport& report, const Style& style) {
    std::string out;
    if (report.cleanup) out += text_of(*report.cleanup, style);
    if (report.vacuum) out += text_of(*report.vacuum, style);
    if (report.analyze) out += text_of(*report.analyze, style);
    if (report.check) out += text_of(*report.check, style);
    if (report.stats) out += text_of(*report.stats, style);
    out += format("done: {}\n", report.done.empty() ? "nothing" : joined(report.done, ", "));
    if (!report.failed_step.empty()) {
        out += style.bad(format("failed: {}: {}", report.failed_step, printable(report.failure))) + "\n";
        if (!report.advice.empty()) out += format("  try: {}\n", printable(report.advice));
    }
    return out + way_back_in_words(report.before, style);
}

}  // namespace holdfast::cli
