#include "holdfast/operations/restore_preview.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/history/extent_names.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/compare_images.h"
#include "holdfast/operations/difference_of_companions.h"
#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

namespace {

using live::Route;

constexpr std::int64_t comparing_ms_max = 5'000;  // a person waits, and so may writers
constexpr std::uint64_t rows_shown = 3;           // of each table

// From the live database to the image. None: one of them cannot be read.
Result<std::optional<DatabaseDifference>> difference_to(Context& context, OpenRepository* opened, const std::string& path, const sqlite::Image& then) {
    std::optional<DatabaseDifference> found;
    const auto is_over = over_after(context.host.clock, comparing_ms_max);
    const auto use = [&](const sqlite::Image& now, const live::FreezeFacts&) -> Result<void> {
        const auto named = opened && now.last_page().value > 0 ? TRY(history::with_extent_names(now, {.repository = opened->get(), .pool = opened->pool()}, context.watch)) : nullptr;
        auto pair = TRY(rows::DatabasePair::open(named ? *named : now, then, opened ? &opened->pool() : nullptr));
        found = TRY(compare_images(pair, {.rows = {.most = rows_shown, .which = RowsToTell::Which::last_removed}, .is_over = is_over}, context.watch));
        return {};
    };
    const auto frozen = live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use});
    TRY(context.watch.go_on());
    if (!frozen) found.reset();
    return found;
}

Result<void> preview_member(Context& context, OpenRepository* opened, PlannedMember& member) {
    const auto there = context.host.files.status(member.report.to);
    if (!there || !member.image) return {};
    member.report.bytes_now = there->size;
    member.report.modified_now = there->modified;
    if (member.route.route == Route::transaction) member.report.difference = TRY(difference_to(context, opened, member.report.to, *member.image));
    if (member.report.difference) {
        member.report.difference->before = member.report.to;
        member.report.difference->after = member.report.from;
    }
    return {};
}

std::string line_of(const TableDifference& table) {
    if (!table.not_compared.empty()) return format("    {}: not compared: {}\n", printable(table.name), printable(table.not_compared));
    std::string parts;
    const auto add = [&](std::uint64_t rows, std::string_view what) {
        if (rows > 0) parts += format("{}{} row{} {}", parts.empty() ? "" : ", ", rows, rows == 1 ? "" : "s", what);
    };
    add(table.removed, "would go");
    add(table.added, "would come back");
    add(table.changed, "would be as before");
    if (parts.empty()) return "";
    std::string text = format("    {}: {}\n", printable(table.name), parts);
    for (const auto& row : table.rows) {
        std::string values;
        for (std::size_t i = 0; i < row.before.size() && i < table.columns_before.size(); ++i) {
            values += format("{}{}={}", i == 0 ? "" : ", ", printable(table.columns_before[i]), short_text_of_cell(row.before[i]));
        }
        text += format("      goes: {}\n", values);
    }
    return text;
}

std::string lines_of(const DatabaseDifference& difference) {
    constexpr std::size_t tables_shown_max = 20;
    if (difference.equal) return "    nothing in it would change\n";
    std::string text;
    for (const auto& object : difference.schema) {
        const std::string_view what = object.change == "added" ? "would come back" : object.change == "removed" ? "would go" : "would be as before";
        text += format("    {} {} {}\n", object.type, printable(object.name), what);
    }
    for (std::size_t i = 0; i < difference.tables.size() && i < tables_shown_max; ++i) text += line_of(difference.tables[i]);
    if (difference.tables.size() > tables_shown_max) text += format("    and {} tables more\n", difference.tables.size() - tables_shown_max);
    return text;
}

// Where nothing was that the backup would know of, all stays; else what --exact would remove, and what holds secrets.
std::set<std::string> staying_paths(const RestorePlan& plan) {
    std::set<std::string> paths;
    for (const auto* companions : {&plan.companions, &plan.staying}) {
        for (const auto& companion : *companions) {
            if (companions == &plan.staying) paths.insert(companion.report.to);
            for (const auto* names : {&companion.report.extra, &companion.report.kept}) {
                for (const auto& name : *names) paths.insert(host::join_path(companion.report.to, name));
            }
            for (const auto& name : companion.place.staying) paths.insert(host::join_path(companion.report.to, name));
        }
    }
    return paths;
}

// The backup and what is there differ in it; the restore does not touch it.
FilesDifference with_what_stays(FilesDifference all, const RestorePlan& plan) {
    const auto staying = staying_paths(plan);
    std::vector<FileDifference> found;
    for (auto& file : all.files) {
        const bool is_renamed = file.change == "renamed";
        if (!staying.contains(is_renamed ? file.from : file.path)) {
            found.push_back(std::move(file));
            continue;
        }
        --(is_renamed ? all.renamed : file.change == "removed" ? all.removed : file.change == "added" ? all.added : all.changed);
        ++all.kept;
        found.push_back({.change = "kept", .path = is_renamed ? file.from : file.path, .from = {}, .kind = file.kind, .size_before = file.size_before, .size_after = file.size_before, .what = {}});
        if (!is_renamed) continue;
        ++all.added;
        found.push_back({.change = "added", .path = std::move(file.path), .from = {}, .kind = std::move(file.kind), .size_before = 0, .size_after = file.size_after, .what = {}});
    }
    std::ranges::stable_sort(found, {}, &FileDifference::path);
    all.files = std::move(found);
    return all;
}

// From what lies there to the backup. None: something cannot be looked at or read.
Result<std::optional<FilesDifference>> difference_of_files(Context& context, OpenRepository& opened, const RestorePlan& plan) {
    repository::Snapshot then;  // as far as it is restored, and where it goes
    std::vector<CompanionPlan> plans;
    for (const auto* companions : {&plan.companions, &plan.staying}) {
        for (const auto& companion : *companions) {
            plans.push_back(companion.place.plan);
            if (companion.was_missing) continue;
            then.companions.push_back(companion.entry);
            then.companions.back().name = companion.report.to;
        }
    }
    std::ranges::sort(then.companions, {}, &repository::DirectoryEntry::name);
    const auto now = TRY(live_files(context, plans));
    auto found = difference_of_companions({.before = *now, .after = *kept_files(opened.get(), then)}, context.watch);
    if (!found && found.error().code() == ErrorCode::cancelled) return std::move(found).error();
    return found ? std::optional(with_what_stays(*std::move(found), plan)) : std::optional<FilesDifference>();
}

std::string lines_of(const PlannedCompanion& companion) {
    const auto& report = companion.report;
    std::string parts;
    const auto add = [&](std::uint64_t things, std::string_view what) {
        if (things > 0) parts += format("{}{} {}", parts.empty() ? "" : ", ", things, what);
    };
    add(report.added, "would come back");
    add(report.changed, "would be as before");
    add(report.removed, "would go");
    add(report.extra.size(), "not in the backup would stay");
    const std::string_view was = report.was_missing ? "was not there then; " : "";
    const std::string_view otherwise = report.was_missing ? "would stay" : "nothing would change";
    return format("  {}: {}{}\n", printable(report.to), was, parts.empty() ? otherwise : parts);
}

}  // namespace

Result<void> preview(Context& context, OpenRepository& opened, RestorePlan& plan) {
    for (auto& member : plan.members) TRY(preview_member(context, plan.is_outside ? nullptr : &opened, member));
    if (plan.is_in_place && !(plan.companions.empty() && plan.staying.empty())) plan.files = TRY(difference_of_files(context, opened, plan));
    return {};
}

std::string question_of(const RestorePlan& plan, Timestamp moment) {
    const auto local = [](Timestamp time) { return to_display(time, host::local_offset_s(time)); };
    std::string text = format("{} {} of {} in place:\n", plan.doing, plan.of, local(moment));
    for (const auto& member : plan.members) {
        const auto& report = member.report;
        text += format("  {}: ", printable(report.to));
        text += report.modified_now ? format("now {}, written {}; ", human_bytes(report.bytes_now), local(*report.modified_now)) : "not there now; ";
        text += format("would be {}\n", human_bytes(report.bytes));
        if (report.difference) text += lines_of(*report.difference);
    }
    for (const auto* companions : {&plan.companions, &plan.staying}) {
        for (const auto& companion : *companions) text += lines_of(companion);
    }
    if (plan.needs_safety_backup()) text += format("  the state as it is now is backed up first; holdfast undo{} brings it back\n", plan.takes_exact_to_go_back() ? " --exact" : "");
    else if (!plan.companions.empty()) text += "  nothing is there that would be replaced; holdfast undo would not take it back\n";
    return text;
}

}  // namespace holdfast::operations
