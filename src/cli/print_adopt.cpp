#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string time_words(const operations::AdoptedBackup& backup) {
    const std::string time = local_time(backup.time);
    if (backup.time_from == "modified") return time + " (the file's own time: nothing else tells one)";
    if (backup.time_from == "archive") return time + " (its time in the archive: no name tells one)";
    if (backup.time_from == "folder") return time + " (by the folder that it lies in)";
    return backup.time_from == "day" ? time + " (only the day is known, by its name)" : time;
}

std::string place_of(const operations::AdoptedCompanion& copy) {
    return copy.member.empty() ? printable(copy.from) : format("{} in {}", printable(copy.member), printable(copy.from));
}

std::string copy_line(const operations::AdoptedCompanion& copy) {
    const std::string apart = copy.apart_ms > 0 ? format(", {} away", human_duration_ms(copy.apart_ms)) : std::string();
    return format("{} from {} ({}, {}{})\n", printable(copy.path), place_of(copy), counted(copy.files, "file"), human_bytes(copy.bytes), apart);
}

std::string backup_lines(const operations::AdoptedBackup& backup, bool dry_run, const Style& style) {
    const std::string what = printable(backup.file) + (backup.member.empty() ? "" : format(" ({})", printable(backup.member)));
    if (backup.state == "refused") return format("  {} {}\n    {}\n", style.bad("refused"), what, printable(backup.why));
    if (backup.number == 0 && backup.state == "already there") return format("  the same as one before it: {}\n", what);
    if (backup.state == "recalled") return format("  there as #{}, forgotten, and {}: {}\n", backup.number, dry_run ? "would be recalled" : "recalled now", what);
    if (backup.state == "already there") return format("  already there as #{}: {}\n", backup.number, what);
    const std::string name = dry_run ? std::string("would be adopted") : format("{} adopted", style.bold(format("#{}", backup.number)));
    std::string out = format("  {}: {}  {}  {}\n", name, what, time_words(backup), printable(backup.comment));
    if (backup.state == "damaged") out += format("    {} SQLite finds damage; it is kept as evidence, and latest passes it over\n", style.bad("damaged:"));
    if (backup.copies.empty()) {
        for (const auto& path : backup.companions) out += format("      with {}\n", printable(path));
    }
    for (const auto& copy : backup.copies) out += "      with " + copy_line(copy);
    if (!backup.skew.empty()) out += format("    {} {}\n", style.bad("NOT OF ONE MOMENT:"), printable(backup.skew));
    return out + lines("      ", backup.findings);
}

}  // namespace

std::string text_of(const operations::AdoptReport& report, const Style& style) {
    std::string out = format("{}backups of {} into {}\n", report.dry_run ? "dry run: nothing is changed; " : "", printable(report.database), printable(report.repository));
    if (report.dry_run && report.repository_created) out += "  the repository would be made\n";
    for (const auto& backup : report.backups) out += backup_lines(backup, report.dry_run, style);
    for (const auto& copy : report.left_out) out += format("  {} {} of {}: {}\n", style.bad("left out"), place_of(copy), printable(copy.path), printable(copy.why));
    out += format("{} {}, {} there before, {} refused, {} damaged", report.adopted, report.dry_run ? "would be adopted" : "adopted", report.already_there, report.refused, report.damaged);
    if (report.recalled > 0) out += format("; {} {}", report.recalled, report.dry_run ? "would be recalled" : "recalled");
    if (report.passed_over > 0) out += format("; {} passed over as no backups", counted(report.passed_over, "file"));
    out += "\n";
    if (report.adopted > 0 && !report.dry_run) {
        out += format("  the files take {}; here they take {}, in {}\n", human_bytes(report.original_bytes), style.bold(human_bytes(report.bytes_stored)),
                      human_duration_ms(report.duration_ms));
        out += "  the files were left as they are: holdfast verify --all proves what is here, before you remove any\n";
    }
    return out + lines("  note: ", report.warnings);
}

std::string text_of(const operations::BundleReport& report, const Style& style) {
    std::string out = format("wrote {}: {} of {}, {}, {}{}\n", printable(report.file), style.bold(format("#{}", report.number)), local_time(report.time),
                             human_bytes(report.bytes), report.compressed, report.encrypted.empty() ? "" : ", encrypted by " + report.encrypted);
    for (const auto& member : report.members) out += format("  {}  {}\n", printable(member.name), human_bytes(member.bytes));
    for (const auto& companion : report.companions) out += format("  {}  {}, {}\n", printable(companion.member), counted(companion.files, "file"), human_bytes(companion.bytes));
    for (const auto& what : report.scrubbed) out += format("  scrubbed {}\n", printable(what));
    if (!report.removed.empty()) out += format("  {} secrets removed from texts: removed.json tells where\n", report.removed.size());
    out += report.proof == "content" ? format("  {} in {}\n", style.good("read back and proven by hash"), human_duration_ms(report.duration_ms))
                                     : std::string("  not read back: it is encrypted\n");
    return out + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli
