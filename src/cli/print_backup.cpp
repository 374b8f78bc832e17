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

}  // namespace

std::string text_of(const operations::InitReport& report, const Style& style) {
    std::string out = report.repository_made ? format("{} {}{}\n", style.good("made a repository:"), printable(report.repository), report.encrypted ? " (encrypted)" : "")
                                             : format("there is a repository already: {}\n", printable(report.repository));
    if (!report.key_file_made.empty())
        out += format("made the key file {}: keep a copy elsewhere; without it nothing can be restored\n", printable(report.key_file_made));
    else if (report.encrypted)
        out += "without its password or key nothing can be restored: keep it safe\n";
    if (!report.settings.empty()) {
        out += format("{} {}{}\n", style.good("wrote settings:"), printable(report.settings),
                      report.sources.empty() ? "" : format(" ({}: {})", report.sources.size() == 1 ? "source" : "sources", joined(report.sources, ", ")));
        if (!report.sources.empty()) out += "holdfast backup, without an argument, backs up every source\n";
    }
    return report.settings_note.empty() ? out : out + printable(report.settings_note) + "\n";
}

std::string text_of(const operations::BackupReport& report, const Style& style) {
    std::string out;
    if (!report.repository_note.empty()) out += report.repository_note + "\n";
    if (report.confirmed_only) {
        out += format("nothing has changed since {}: it is confirmed\n", style.bold(format("#{}", report.number)));
    } else {
        const std::string head = format("backup #{}", report.number);
        out += format("{}  {}{}{}\n", style.bold(head), local_time(report.time), report.comment.empty() ? "" : "  " + printable(report.comment),
                      report.partial ? "  " + style.bad("PARTIAL") : "");
    }
    for (const auto& member : report.databases) out += member_line(member, style);
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
    return out + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli
