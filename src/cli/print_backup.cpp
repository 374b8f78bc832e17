#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string member_line(const operations::BackupMember& member, const Style& style) {
    std::string line = "  " + printable(member.path) + "  ";
    if (!member.error.empty()) return line + style.bad("failed: " + printable(member.error)) + "\n";
    line += format("{} ({})", human_bytes(member.pages * member.page_size), counted(member.pages, "page"));
    line += member.unchanged ? ", unchanged" : format(", {} changed, read as {}", counted(member.pages_changed, "page"), member.read_as);
    if (member.damaged) line += "\n    " + style.bad("SQLite finds this database damaged: " + printable(member.finding)) +
                                "\n    it is kept as evidence and will not be restored as `latest`";
    return line + "\n";
}

std::string companion_lines(const operations::BackupCompanion& companion, const Style& style) {
    std::string out = "  " + printable(companion.path) + "  ";
    if (!companion.error.empty()) return out + style.bad("failed: " + printable(companion.error)) + "\n";
    if (companion.missing) return out + "is not there, and need not be\n";
    out += format("{} ({}), {}\n", counted(companion.files, "file"), human_bytes(companion.bytes), companion.unchanged ? "unchanged" : format("{} changed", companion.files_changed));
    if (!companion.changing.empty()) out += "    " + style.bad(format("changed while it was read, also again: {}", printable(joined(companion.changing, ", ")))) + "\n";
    out += lines("    " + style.bad("not in the backup: "), companion.failed) + lines("    left out: ", companion.left_out);
    return out + lines("    without the secret ", companion.removed);
}

std::string copies_of(const operations::BackupReport& report) {
    std::string out;
    for (const auto& copy : report.plain_copies) {
        if (copy.path.empty()) continue;
        const bool would_be_written = report.dry_run && copy.bytes == 0;
        const std::string how = copy.written ? format(" ({})", human_bytes(copy.bytes)) : would_be_written ? "" : " (is there already)";
        out += format("  {}plain copy: {}{}\n", would_be_written ? "would write a " : "", printable(copy.path), how);
        if (!copy.latest.empty()) out += format("  {} {}\n", report.dry_run ? "would also be" : "also", printable(copy.latest));
    }
    for (const auto& path : report.plain_copies_removed) out += format("  {} {}\n", report.dry_run ? "would remove the plain copy" : "removed the plain copy", printable(path));
    return out;
}

std::string text_of_rehearsal(const operations::BackupReport& report, const Style& style) {
    std::string out = report.repository_note.empty() ? "" : report.repository_note + "\n";
    const std::string number = style.bold(format("#{}", report.number));
    out += report.confirmed_only ? format("nothing has changed since {}: it would be confirmed\n", number) : format("would make backup {}, {}: {}\n", number, report.kind, printable(report.comment));
    for (const auto& member : report.databases) {
        const std::string what = !member.error.empty() ? style.bad("would fail: " + printable(member.error)) : member.unchanged ? "unchanged" : "would be read";
        out += format("  {}  {}\n", printable(member.path), what);
    }
    for (const auto& companion : report.companions) out += companion_lines(companion, style);
    if (report.partial) out += style.bad("  it would be partial, exit code 3\n");
    return out + copies_of(report) + lines("  note: ", report.warnings);
}

}  // namespace

namespace {

std::string text_of_rehearsal(const operations::InitReport& report) {
    std::string out = "dry run: nothing is changed\n";
    out += report.repository_made ? format("would make a repository: {}{}\n", printable(report.repository), report.encrypted ? " (encrypted)" : "") : format("would use the repository {}{}\n", printable(report.repository), report.encrypted ? " (encrypted)" : "");
    if (!report.key_file_made.empty()) out += format("would make the key file {}\n", printable(report.key_file_made));
    if (!report.settings_note.empty()) out += printable(report.settings_note) + "\n";
    for (const auto& script : report.scripts) out += format("would write {}\n", printable(script));
    for (const auto& script : report.scripts_left_alone) out += format("would leave alone, as it is there: {}\n", printable(script));
    if (!report.settings.empty()) out += format("would write settings: {}\n\n{}", printable(report.settings), report.settings_text);
    return out;
}

}  // namespace

std::string text_of(const operations::InitReport& report, const Style& style) {
    if (report.dry_run) return text_of_rehearsal(report);
    std::string out = report.repository_made ? format("{} {}{}\n", style.good("made a repository:"), printable(report.repository), report.encrypted ? " (encrypted)" : "")
                                             : format("uses the repository {}{}\n", printable(report.repository), report.encrypted ? " (encrypted)" : "");
    if (!report.key_file_made.empty())
        out += format("made the key file {}: keep a copy elsewhere; without it nothing can be restored\n", printable(report.key_file_made));
    else if (report.encrypted)
        out += "without its password or key nothing can be restored: keep it safe\n";
    if (!report.settings.empty()) {
        out += format("{} {}{}\n", style.good("wrote settings:"), printable(report.settings),
                      report.sources.empty() ? "" : format(" ({}: {})", report.sources.size() == 1 ? "source" : "sources", joined(report.sources, ", ")));
        if (!report.sources.empty()) out += "holdfast backup, without an argument, backs up every source\n";
    }
    if (!report.settings_note.empty()) out += printable(report.settings_note) + "\n";
    for (const auto& script : report.scripts) out += format("{} {}\n", style.good("wrote"), printable(script));
    for (const auto& script : report.scripts_left_alone) out += format("left alone, as it is there: {}\n", printable(script));
    return out;
}

std::string text_of(const operations::BackupReport& report, const Style& style) {
    if (report.dry_run) return text_of_rehearsal(report, style);
    std::string out;
    if (!report.repository_note.empty()) out += report.repository_note + "\n";
    if (report.confirmed_only) {
        out += format("nothing has changed since {}: it is confirmed\n", style.bold(format("#{}", report.number)));
    } else {
        const std::string head = format("backup #{}", report.number);
        out += format("{}  {}{}{}\n", style.bold(head), local_time(report.time), report.comment.empty() ? "" : "  " + printable(report.comment),
                      report.partial ? "  " + style.bad("PARTIAL") : "");
        if (report.skewed) out += format("  {} {}{}\n", style.bad("NOT OF ONE MOMENT:"), report.skew, report.skew_ms > 0 ? format(" ({} apart)", human_duration_ms(report.skew_ms)) : std::string());
    }
    for (const auto& member : report.databases) out += member_line(member, style);
    for (const auto& companion : report.companions) out += companion_lines(companion, style);
    for (const auto& path : report.rebuilt) out += format("  {}  not kept: a restore has it built again\n", printable(path));
    out += agreement_lines(report.agreement, style);
    if (!report.confirmed_only) {
        out += format("  {} read, {} changed, {} stored, {}", counted(report.pages_read, "page"), report.pages_changed, human_bytes(report.bytes_stored),
                      human_duration_ms(report.duration_ms));
        out += report.writers_blocked_ms > 0 ? format(", writers waited at most {}\n", human_duration_ms(report.writers_blocked_ms))
                                             : std::string(", writers never waited\n");
    }
    if (!report.forgotten.empty()) {
        std::vector<std::string> numbers;
        for (const auto number : report.forgotten) numbers.push_back(format("#{}", number));
        out += format("  forgotten by the retention policy: {}\n", joined(numbers, ", "));
    }
    return out + copies_of(report) + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli
