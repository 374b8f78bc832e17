#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string proof_words(const operations::RestoredMember& member, const Style& style) {
    if (member.proof.empty()) return "";
    const std::string took = member.proof_ms > 0 ? format(" in {}", human_duration_ms(member.proof_ms)) : "";
    if (member.proof == "content") return ", " + style.good("proven by hash") + took;
    if (member.proof == "transaction") return ", what was committed " + style.good("proven by hash") + took + "; others have committed since";
    return ", not proven: others have committed since, and what was committed can no longer be read";
}

std::string indented(const std::string& text, std::string_view by) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
        out += by;
        out += text.substr(at, end - at);
        at = end;
    }
    return out;
}

std::string member_lines(const operations::RestoredMember& member, bool dry_run, const Style& style) {
    std::string out = format("  {} {}  ({}, {})\n", dry_run ? "would write" : "wrote", printable(member.to), human_bytes(member.bytes), member.route);
    if (member.bytes_written > 0) out += format("    {} written\n", human_bytes(member.bytes_written));
    if (!member.why.empty()) out += format("    because {}\n", printable(member.why));
    if (dry_run && member.modified_now) out += format("    now {}, written {}\n", human_bytes(member.bytes_now), local_time(*member.modified_now));
    if (dry_run && member.difference) out += "    from the database as it is now to the backup:\n" + indented(difference_in_words(*member.difference, style), "    ");
    if (!dry_run) out += format("    written and synced in {}{}\n", human_duration_ms(member.copy_ms), proof_words(member, style));
    if (member.writers_blocked_ms > 0) out += format("    writers waited at most {}\n", human_duration_ms(member.writers_blocked_ms));
    if (!member.check.empty()) {
        const std::string check = member.check == "ok" ? style.good("ok") : member.check == "damaged" ? style.bad("damaged") : member.check;
        out += format("    SQLite's own check: {}{}\n", check, member.check_ms > 0 ? " in " + human_duration_ms(member.check_ms) : "");
        out += lines("      ", member.findings);
    }
    out += lines(dry_run ? "    would keep aside " : "    kept aside ", member.moved_aside);
    return out + lines("    note: ", member.notes);
}

std::string stays_lines(const operations::RestoredCompanion& companion) {
    std::string out;
    for (const auto& one : companion.stays) out += format("    stays: {}\n", one);
    return companion.stays_more == 0 ? out : out + format("    stays: and {} more\n", companion.stays_more);
}

std::string missing_lines(const operations::RestoredCompanion& companion, bool dry_run, const Style& style) {
    const std::string what = printable(companion.to) + ", which was not there then";
    std::string out = companion.removed == 0 ? format("  {} {}{}\n", dry_run ? "would leave" : "left", what, companion.notes.empty() ? "; --exact removes it" : "")
                                             : format("  {} {}  ({} in all)\n", dry_run ? "would remove" : style.bad("removed"), what, companion.removed);
    for (const auto& path : companion.kept) out += format("    {} as it is, with secrets that no backup has: {}\n", dry_run ? "would stay" : "stays", printable(path.empty() ? companion.to : path));
    return out + stays_lines(companion) + lines("    note: ", companion.notes);
}

std::string companion_lines(const operations::RestoredCompanion& companion, bool dry_run, const Style& style) {
    if (companion.was_missing) return missing_lines(companion, dry_run, style);
    std::string out = format("  {} {}  ({}, {})", dry_run ? "would write" : "wrote", printable(companion.to), counted(companion.files, "file"), human_bytes(companion.bytes));
    out += dry_run ? "\n" : format(" in {}\n", human_duration_ms(companion.copy_ms));
    std::vector<std::string> parts;
    if (companion.added > 0) parts.push_back(format("{} added", companion.added));
    if (companion.changed > 0) parts.push_back(format("{} replaced", companion.changed));
    if (companion.removed > 0) parts.push_back(style.bad(format("{} removed", companion.removed)));
    if (!parts.empty()) out += format("    {}\n", joined(parts, ", "));
    constexpr std::size_t shown_max = 5;
    std::vector<std::string> extra(companion.extra.begin(), companion.extra.begin() + static_cast<std::ptrdiff_t>(std::min(shown_max, companion.extra.size())));
    for (auto& one : extra) one = printable(one);
    if (!extra.empty()) out += format("    not in the backup, and left there: {}{}; --exact removes such\n", joined(extra, ", "), companion.extra.size() > shown_max ? format(" and {} more", companion.extra.size() - shown_max) : "");
    for (const auto& path : companion.kept) out += format("    {} as it is, with secrets that no backup has: {}\n", dry_run ? "would stay" : "stays", printable(path.empty() ? companion.to : path));
    return out + stays_lines(companion) + lines("    a secret to fill in by hand: ", companion.secrets_removed) + lines("    note: ", companion.notes);
}

std::string rows_lines(const operations::RowsBack& rows, bool dry_run, const Style& style) {
    if (rows.database.empty()) return "";
    std::string out = format("  {} {}\n", dry_run ? "would bring rows into" : "brought rows into", printable(rows.database));
    if (rows.made_again) out += "    what was there is damaged: dropped, made again, and filled from the backup\n";
    for (const auto& table : rows.tables) {
        out += format("    {}: {} inserted, {} changed in place, {} the same{}\n", style.bold(printable(table.table)), table.inserted, table.updated, table.unchanged, table.made ? "; the table was made" : "");
        if (table.parents > 0) out += format("      {} of them others refer to\n", table.parents);
        if (table.kept > 0) out += format("      {} differ, and were left as they are\n", table.kept);
        if (table.left_out > 0) out += format("      {} left out: their unique values belong to other rows\n", table.left_out);
        if (table.new_rowids > 0) out += format("      {} with a new rowid: theirs is another row's\n", table.new_rowids);
        if (!table.columns_left_out.empty()) out += format("      left out, as it has no such column now: {}\n", joined(table.columns_left_out, ", "));
        if (!table.columns_kept.empty()) out += format("      not in the backup: {}\n", joined(table.columns_kept, ", "));
    }
    for (const auto& index : rows.indexes) out += format("    {}: {}\n", printable(index.table), index.how == "rebuilt" ? "rebuilt from its content" : index.how == "verified" ? "followed, and agrees with its content" : "followed");
    if (rows.writers_blocked_ms > 0) out += format("    writers waited at most {}\n", human_duration_ms(rows.writers_blocked_ms));
    return out;
}

std::string numbers_after(std::string_view before, const std::vector<std::uint64_t>& numbers) {
    std::vector<std::string> words;
    for (const auto number : numbers) words.push_back(format("{}{}", before, number));
    return joined(words, before == "#" ? ", " : " ");
}

std::string ways_back_lines(const operations::WaysBack& ways, const Style& style) {
    std::string out;
    const std::string source = printable(ways.source);
    if (ways.last_good) out += format("of {} the last good backup is {} of {}: holdfast restore {}\n", source, style.bold(format("#{}", *ways.last_good)), local_time(ways.last_good_time), *ways.last_good);
    else out += format("of {} no backup has been opened and found good yet\n", source);
    if (!ways.unopened.empty()) out += format("  not opened yet: {}: holdfast verify {}\n", numbers_after("#", ways.unopened), ways.unopened.back());
    if (!ways.recallable.empty()) out += format("  forgotten, but not pruned yet: {}: holdfast recall {}\n", numbers_after("#", ways.recallable), numbers_after("", ways.recallable));
    return out;
}

}  // namespace

std::string text_of(const operations::RestoreReport& report, const Style& style) {
    std::string out = format("{}{} {}{}\n", report.dry_run ? "dry run: nothing is changed; would restore" : "restored", report.schema_only ? " the schema, without rows, of" : report.rows.database.empty() ? "" : " rows of",
                             style.bold(report.from_file.empty() ? format("#{}", report.number) : printable(report.from_file)), "  " + local_time(report.time));
    if (!report.proven_by.empty()) out += format("  its hash is the one in {}\n", joined(report.proven_by, ", "));
    if (report.gap_s > 0) out += format("  it was made {} before the time asked for\n", human_duration_ms(static_cast<double>(report.gap_s) * 1000));
    for (const auto& member : report.databases) out += member_lines(member, report.dry_run, style);
    for (const auto& companion : report.companions) out += companion_lines(companion, report.dry_run, style);
    if (report.files) out += "  from the files as they are now to the backup:\n" + indented(difference_in_words(*report.files, style), "  ");
    out += rows_lines(report.rows, report.dry_run, style);
    if (report.safety_number > 0)
        out += format("  the state before is backup {}; {}: {}\n", style.bold(format("#{}", report.safety_number)),
                      report.safety_is_raw ? "its bytes, which are damaged, come back with" : "to go back", report.go_back);
    if (report.dry_run && !report.safety_repository.empty())
        out += format("  would first back up the state as it is now, into {}\n", printable(report.safety_repository));
    out += lines("  would then ", report.follows);
    if (!report.data_lost.empty()) out += format("  data lost: {}\n", printable(report.data_lost));
    if (!report.recovery_log.empty()) out += format("  told in {}\n", printable(report.recovery_log));
    out += rebuild_lines(report.rebuilds, style) + agreement_lines(report.agreement, style);
    for (const auto& test : report.smoke_tests) {
        out += format("  {} {} in {}{}\n", test.passed ? style.good("passed:") : style.bad("FAILED:"), test.test, human_duration_ms(test.duration_ms), test.attempts > 1 ? format(", at attempt {}", test.attempts) : std::string());
        if (!test.error.empty()) out += format("    {}\n", printable(test.error));
    }
    if (!report.dry_run) out += format("  {} in all\n", human_duration_ms(report.duration_ms));
    return out + lines("  note: ", report.warnings);
}

std::string text_of(const operations::VerifyReport& report, const Style& style) {
    std::string out;
    for (const auto& damage : report.damage) {
        const std::string what = printable(damage.database + damage.file) + (damage.kind == "folder" ? "/: its listing, so that what lies in it is not known" : "");
        out += format("{} #{} {}: bytes {} to {}: {}\n", style.bad("damaged:"), damage.number, what, damage.offset, damage.offset + damage.size, printable(damage.why));
        if (!damage.tables.empty()) out += format("  pages of: {}\n", joined(damage.tables, ", "));
        if (!damage.object.empty()) out += format("  object: {}\n", damage.object);
    }
    for (const auto& file : report.files) {
        const std::string verdict = file.check == "ok" ? style.good("good:") : file.check == "damaged" ? style.bad("damaged:") : "could not be checked:";
        out += format("{} {}{}  {}, {}{}\n  SHA-256 {}\n", verdict, printable(file.database), file.layers.empty() ? "" : format(" out of {}", file.layers), local_time(file.time),
                      human_bytes(file.bytes), file.proven_by.empty() ? "" : format(", as {} says", joined(file.proven_by, ", ")), file.sha256);
    }
    for (const auto& companion : report.companions) {
        out += format("{} {}  {}, {}, as metadata says\n", style.good("good:"), printable(companion.path), counted(companion.files, "file"), human_bytes(companion.bytes));
    }
    for (const auto& expected : report.expected) {
        for (const auto& result : expected.expectations) {
            if (!result.met) out += format("{} #{} of {}: {}; {}\n", style.bad("expected:"), expected.number, printable(expected.source), printable(result.what), printable(result.why));
        }
        out += agreement_lines(expected.agreement, style);
    }
    out += lines("damaged object: ", report.objects) + lines("SQLite says: ", report.sqlite_findings) + lines("note: ", report.warnings);
    for (const auto& ways : report.ways_back) out += ways_back_lines(ways, style);
    const std::string which = report.verified.size() > 8 ? counted(report.verified.size(), "backup") : numbers_after("#", report.verified);
    if (report.left > 0) out += format("the time is over: {} left; the next run begins with the one that has waited longest\n", counted(report.left, "backup"));
    if (!which.empty()) out += format("{} {} at level {}: {}, {} read in {}\n", report.good ? style.good("good:") : "verified:", which, report.level,
                                      counted(report.chunks_checked, "chunk"), human_bytes(report.bytes_read), human_duration_ms(report.duration_ms));
    return out;
}

std::string text_of(const operations::ForgetReport& report, const Style& style) {
    if (report.by_rule) return text_of_rule(report, style);
    const std::string which = numbers_after("#", report.numbers);
    const std::string done = format("{}{}: {}\n", report.dry_run ? "dry run: nothing is changed; would be " : "", report.recalled ? "recalled" : "forgotten", which);
    return done + (report.advice.empty() ? "" : "  " + report.advice + "\n") + lines("  note: ", report.warnings);
}

std::string text_of(const operations::HoldReport& report, const Style&) {
    return format("{}: {}\n", report.held ? "held" : "no longer held", numbers_after("#", report.numbers));
}

std::string text_of(const operations::AnnotateReport& report, const Style& style) {
    std::string tags;
    for (const auto& tag : report.tags) tags += format(" [{}]", printable(tag));
    const std::string accepted = report.loss_accepted ? "  what it has lost is accepted: later backups are compared with it\n" : "";
    return format("{}  {}{}\n", style.bold(format("#{}", report.number)), printable(report.comment), tags) + accepted + lines("  note: ", report.warnings);
}

std::string text_of(const operations::PruneReport& report, const Style& style) {
    std::string out = format("{}{} dropped, {} freed, {} kept\n", report.dry_run ? "dry run: nothing is changed; would be: " : "",
                             counted(report.dropped.size(), "backup"), style.bold(human_bytes(report.bytes_freed)), human_bytes(report.bytes_kept));
    out += format("  {} removed, {} repacked, in {}\n", counted(report.packs_removed, "pack"), report.packs_repacked, human_duration_ms(report.duration_ms));
    if (report.in_grace > 0) out += format("  {} can still be recalled; --grace 0 drops what is forgotten now\n", counted(report.in_grace, "forgotten backup"));
    if (report.bytes_waiting > 0) out += format("  {} wait for: {}\n", human_bytes(report.bytes_waiting), joined(report.waiting_for, ", "));
    if (report.sessions_voided > 0) out += format("  {} that had died cleared away\n", counted(report.sessions_voided, "backup"));
    return out;
}

}  // namespace holdfast::cli
