#include "holdfast/operations/restore_preview.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/sqlite/count_rows.h"

namespace holdfast::operations {

namespace {

using live::Route;
using sqlite::TableRows;

constexpr std::int64_t counting_ms_max = 3'000;  // for each of the two images: a person waits

// As the live database has them; nothing when it cannot be read.
Result<std::vector<TableRows>> rows_now(Context& context, const std::string& path) {
    std::vector<TableRows> rows;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        rows = TRY(sqlite::count_rows(image, {.clock = context.host.clock, .time_ms_max = counting_ms_max}, context.watch));
        return {};
    };
    const auto frozen = live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use});
    if (!frozen) return frozen.error().copy();
    return rows;
}

// Tables with as many rows as before say nothing.
std::vector<TableChange> changes(const std::vector<TableRows>& now, const std::vector<TableRows>& then) {
    std::map<std::string, TableChange> by_name;
    for (const auto& table : now) {
        by_name[table.table] = {.table = table.table, .why_not = table.why_not, .rows_now = table.rows, .rows_then = {}};
    }
    for (const auto& table : then) {
        auto& change = by_name[table.table];
        change.table = table.table;
        change.rows_then = table.rows;
        if (change.why_not.empty()) change.why_not = table.why_not;
    }
    std::vector<TableChange> changed;
    for (auto& [name, change] : by_name) {
        if (change.rows_now && change.rows_now == change.rows_then) continue;
        changed.push_back(std::move(change));
    }
    return changed;
}

Result<void> preview_member(Context& context, PlannedMember& member) {
    const auto there = context.host.files.status(member.report.to);
    if (!there || !member.image) return {};
    member.report.bytes_now = there->size;
    member.report.modified_now = there->modified;
    if (member.route.route != Route::transaction) return {};
    const auto now = rows_now(context, member.report.to);
    const auto then = sqlite::count_rows(*member.image, {.clock = context.host.clock, .time_ms_max = counting_ms_max}, context.watch);
    TRY(context.watch.go_on());
    if (now && then) member.report.tables = changes(*now, *then);
    return {};
}

std::string in_words(const std::optional<std::uint64_t>& rows, std::string_view absent) {
    return rows ? format("{}", *rows) : std::string(absent);
}

std::string line_of(const TableChange& change) {
    const std::string_view absent = change.why_not.empty() ? "no table" : "not counted";
    std::string line = format("    {}: {} -> {} rows", printable(change.table), in_words(change.rows_now, absent), in_words(change.rows_then, absent));
    if (change.rows_now.value_or(0) > change.rows_then.value_or(0) && change.why_not.empty()) {
        line += format(" ({} fewer)", change.rows_now.value_or(0) - change.rows_then.value_or(0));
    }
    return line + "\n";
}

}  // namespace

Result<void> preview(Context& context, RestorePlan& plan) {
    for (auto& member : plan.members) TRY(preview_member(context, member));
    return {};
}

std::string question_of(const RestorePlan& plan, Timestamp moment) {
    constexpr std::size_t tables_shown_max = 20;
    const auto local = [](Timestamp time) { return to_display(time, host::local_offset_s(time)); };
    std::string text = format("{} {} of {} in place:\n", plan.doing, plan.of, local(moment));
    for (const auto& member : plan.members) {
        const auto& report = member.report;
        text += format("  {}: ", printable(report.to));
        text += report.modified_now ? format("now {}, written {}; ", human_bytes(report.bytes_now), local(*report.modified_now)) : "not there now; ";
        text += format("would be {}\n", human_bytes(report.bytes));
        for (std::size_t i = 0; i < report.tables.size() && i < tables_shown_max; ++i) text += line_of(report.tables[i]);
        if (report.tables.size() > tables_shown_max) text += format("    and {} tables more\n", report.tables.size() - tables_shown_max);
    }
    const auto is_compared = [](const PlannedMember& member) { return member.route.route == Route::transaction; };
    if (std::ranges::any_of(plan.members, is_compared)) text += "  rows are counted, not compared: those that were changed are not shown\n";
    if (plan.needs_safety_backup()) text += "  the state as it is now is backed up first; holdfast undo brings it back\n";
    return text;
}

}  // namespace holdfast::operations
