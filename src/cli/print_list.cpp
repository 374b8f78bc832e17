#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

// Which backups are of more than databases is to be seen at a glance.
std::string companions_of(const operations::ListedBackup& backup) {
    std::string out;
    for (const auto& path : backup.companions) out += " + " + printable(path);
    return out;
}

std::vector<std::string> row(const operations::ListedBackup& backup) {
    std::string remark = printable(backup.comment);
    for (const auto& tag : backup.tags) remark += (remark.empty() ? "" : " ") + format("[{}]", printable(tag));
    if (!backup.held.empty()) remark += format(" (held{})", backup.held == "held" ? "" : ": " + printable(backup.held));
    if (backup.schema_changed) remark += format(" (new schema{})", backup.schema_version.empty() ? "" : " " + printable(backup.schema_version));
    const std::string kind = backup.state == "ok" ? backup.kind : backup.kind + ", " + backup.state;
    if (backup.state == "unreadable") return {format("#{}", backup.number), "", backup.state, "", "", "", ""};
    return {format("#{}", backup.number), local_time(backup.time), kind, human_bytes(backup.logical_bytes), human_bytes(backup.bytes_stored),
            joined(backup.paths, ", ") + companions_of(backup), remark};
}

std::string damage_lines(const std::vector<std::string>& damage, const Style& style) {
    return damage.empty() ? "" : style.bad("damaged (holdfast verify --all says more):") + "\n" + lines("  ", damage);
}

std::string companion_lines(const operations::ShownCompanion& companion) {
    std::vector<std::string> parts;
    if (companion.kind == "link") parts.push_back("a link to " + printable(companion.link_target));
    if (companion.kind == "file") parts.push_back("a file");
    if (companion.kind == "folder") parts = {counted(companion.files, "file"), counted(companion.folders, "folder"), counted(companion.links, "link")};
    if (companion.kind != "link") parts.push_back(human_bytes(companion.bytes));
    std::vector<std::vector<std::string>> rows = {{"", "companion", printable(companion.path)}, {"", "holds", joined(parts, ", ")}};
    for (const auto& secret : companion.removed) rows.push_back({"", "removed", printable(secret)});
    for (const auto& note : companion.notes) rows.push_back({"", "note", printable(note)});
    return columns(rows, {false, false, false});
}

std::string member_lines(const operations::ShownMember& member) {
    std::vector<std::vector<std::string>> rows = {{"", "database", printable(member.path)},
                                                  {"", "size", format("{} ({} bytes, {} pages of {})", human_bytes(member.size), member.size, member.pages, member.page_size)},
                                                  {"", "sha256", member.sha256}};
    if (member.kind != "database") rows[0][1] = member.kind;
    else {
        rows.push_back({"", "journal", format("{}, read as {}", member.journal_mode, member.read_as)});
        rows.push_back({"", "encoding", member.encoding});
        rows.push_back({"", "versions", format("user_version {}, application_id {}", member.user_version, member.application_id)});
        rows.push_back({"", "schema", member.schema_hash + (member.schema_version.empty() ? "" : ", version " + printable(member.schema_version))});
    }
    rows.push_back({"", "mode", format("{:o}", member.mode)});
    for (const auto& finding : member.findings) rows.push_back({"", "SQLite says", printable(finding)});
    for (const auto& note : member.notes) rows.push_back({"", "note", printable(note)});
    return columns(rows, {false, false, false});
}

}  // namespace

std::string text_of(const operations::ListReport& report, const Style& style) {
    std::string out;
    if (report.backups.empty()) {
        out = format("no backups in {}\n", printable(report.repository));
    } else {
        std::vector<std::vector<std::string>> rows = {{"number", "time", "kind", "size", "stored", "database", "comment"}};
        for (const auto& backup : report.backups) rows.push_back(row(backup));
        out = columns(rows, {true, false, false, true, true, false, false});
    }
    return out + damage_lines(report.damage, style);
}

std::string text_of(const operations::ShowReport& report, const Style& style) {
    const auto& backup = report.backup;
    std::string out = format("{}  {}  {}\n", style.bold(format("backup #{}", backup.number)), local_time(backup.time), printable(backup.comment));
    std::vector<std::vector<std::string>> rows = {{"", "id", backup.id},
                                                  {"", "kind", backup.kind + (backup.state == "ok" ? "" : ", " + backup.state)},
                                                  {"", "source", printable(backup.source)},
                                                  {"", "stored", human_bytes(backup.bytes_stored)},
                                                  {"", "changed", format("{} pages, {} read, writers waited {}", report.pages_changed, human_bytes(report.bytes_read),
                                                                         human_duration_ms(report.writers_blocked_ms))},
                                                  {"", "verified", report.verified_at ? format("{}  {}", local_time(*report.verified_at), report.verified) : "never"},
                                                  {"", "made by", report.program}};
    if (report.last_confirmed) rows.push_back({"", "confirmed", local_time(*report.last_confirmed)});
    if (!backup.operation.empty()) rows.push_back({"", "operation", printable(backup.operation)});
    if (!backup.tags.empty()) rows.push_back({"", "tags", printable(joined(backup.tags, ", "))});
    if (!backup.skew.empty()) rows.push_back({"", "not of one moment", printable(backup.skew)});
    for (const auto& one : backup.unmet) rows.push_back({"", "not as expected", printable(one)});
    for (const auto& path : report.rebuilt) rows.push_back({"", "rebuilt", printable(path) + ": not kept, as a restore has it built again"});
    for (const auto& path : report.missing) rows.push_back({"", "missing", printable(path) + ": was not there"});
    if (!backup.held.empty()) rows.push_back({"", "held", printable(backup.held)});
    out += columns(rows, {false, false, false});
    for (const auto& member : report.members) out += "\n" + member_lines(member);
    for (const auto& companion : report.companions) out += "\n" + companion_lines(companion);
    for (const auto& failed : report.failed) out += style.bad("  not backed up: ") + printable(failed) + "\n";
    return out;
}

std::string text_of(const operations::StatusReport& report, const Style& style) {
    std::string out = format("{}  {}{}, {} used, {} free\n", style.bold(printable(report.repository)), report.id.substr(0, 8),
                             report.encrypted ? ", encrypted" : "", human_bytes(report.repository_bytes), human_bytes(report.free_bytes));
    for (const auto& source : report.sources) {
        out += format("\n{}  {}\n", style.bold(printable(source.name)), joined(source.paths, ", "));
        const auto last = [&] { return format("#{}  {}", source.last_number, local_time(*source.last_backup)); };
        const auto confirmed = [&] { return format("{}  ({})", local_time(*source.last_confirmed), human_age(source.age_s.value_or(0))); };
        out += columns({{"", "last backup", source.last_backup ? last() : "none that is whole and undamaged"},
                        {"", "last confirmed", source.last_confirmed ? confirmed() : "never"},
                        {"", "newest proven", source.proven_at ? format("#{}  {}  ({})", source.proven_number, local_time(*source.proven_at), human_age(source.proven_age_s.value_or(0))) : "none: holdfast drill"},
                        {"", "a restore takes", source.drilled_at ? format("{}  ({}, {})", human_duration_ms(source.restore_takes_ms.value_or(0)), source.last_drill, local_time(*source.drilled_at)) : "not known: holdfast drill"},
                        {"", "last verified", source.last_verified_at ? format("{}  {}", source.last_verified, local_time(*source.last_verified_at)) : "never"},
                        {"", "backups", format("{} of {}; they added {} when they were made", source.backups, human_bytes(source.logical_bytes), human_bytes(source.bytes_stored))}},
                       {false, false, false});
    }
    if (!report.rebuilds.empty()) out += "\n" + rebuild_lines(report.rebuilds, style);
    for (const auto& missed : report.missed) out += style.bad("missed: ") + missed + "\n";
    out += lines("warning: ", report.warnings);
    if (report.sources.empty()) out += "no backups that are not forgotten\n";
    if (report.forgotten > 0) out += format("\n{}; to free the space: holdfast prune\n", counted(report.forgotten, "forgotten backup"));
    out += lines("unfinished: ", report.unfinished);
    return out + damage_lines(report.damage, style);
}

}  // namespace holdfast::cli
