#include "holdfast/operations/restore_outside.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/carry_out_restore.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/database_record.h"
#include "holdfast/operations/outside_backup.h"
#include "holdfast/operations/repository_or_none.h"
#include "holdfast/operations/restore_bundled_set.h"
#include "holdfast/operations/restore_plan.h"
#include "holdfast/operations/tell_recovery.h"

namespace holdfast::operations {

namespace {

// The image of something that is held elsewhere.
class Borrowed final : public sqlite::Image {
public:
    explicit Borrowed(const sqlite::Image& image) : image_(image) {}
    sqlite::PageSize page_size() const override { return image_.page_size(); }
    sqlite::PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override { return image_.read(range, into); }

private:
    const sqlite::Image& image_;
};

Result<void> expect_outside_words(const RestoreRequest& request) {
    const bool speaks_of_one_kept = request.snapshot != "latest" || !request.at.empty() || !request.source.empty();
    if (speaks_of_one_kept) {
        return fail(ErrorCode::invalid, "restore: both a file and a backup of the repository are named").with_advice("--from FILE alone; or SNAPSHOT, without it");
    }
    if (!request.from.empty() && !request.file.empty()) return fail(ErrorCode::invalid, "restore: --from and --file are one flag").with_advice("one of them");
    if (!request.compress.empty() || request.to == "-") {
        return fail(ErrorCode::invalid, "restore --from to a compressed file or standard output").with_advice("--to FILE; gzip and zstd are quicker at the rest");
    }
    if (!request.to.empty() && !request.database.empty()) {
        return fail(ErrorCode::invalid, "restore: both --to and --for are given").with_advice("--to writes a new file, --for replaces the database's content");
    }
    return {};
}

// Databases alone are taken out of the file as they are.
bundle::CompanionFiles companions_wanted(const RestoreRequest& request) {
    const bool are_databases_meant = !request.only.empty() || request.schema_only;
    return are_databases_meant ? bundle::CompanionFiles::passed_over : bundle::CompanionFiles::kept;
}

std::string listed(const std::vector<OutsideDatabase>& databases) {
    constexpr std::size_t shown_max = 8;
    std::string names;
    for (std::size_t i = 0; i < databases.size() && i < shown_max; ++i) names += (i == 0 ? "" : ", ") + printable(databases[i].name);
    return databases.size() > shown_max ? names + format(" and {} more", databases.size() - shown_max) : names;
}

// Those that --only names, by as much of their names' end as tells which; else all of a bundle, or the only one.
Result<std::vector<OutsideDatabase*>> chosen(OutsideBackup& backup, const RestoreRequest& request) {
    std::vector<OutsideDatabase*> wanted;
    for (auto& database : backup.databases) {
        const auto is_named = [&](const std::string& name) { return database.name == name || database.name.ends_with("/" + name) || database.told.original_path == name; };
        if (request.only.empty() || std::ranges::any_of(request.only, is_named)) wanted.push_back(&database);
    }
    const bool is_clear = wanted.size() == 1 || (backup.is_bundle && wanted.size() == backup.databases.size()) || (!request.only.empty() && wanted.size() == request.only.size());
    if (!wanted.empty() && is_clear) return wanted;
    return fail(ErrorCode::invalid, "restore from {}: it holds {} databases: {}", printable(backup.path), backup.databases.size(), listed(backup.databases))
        .with_advice("--only NAME says which is meant");
}

Result<std::string> target_of(Context& context, const OutsideDatabase& database, const RestoreRequest& request, std::size_t count) {
    const std::string own_name = host::file_name_of(database.told.original_path.empty() ? database.name : database.told.original_path);
    if (!request.to.empty()) {
        const std::string to = TRY(host::canonical_or_future(context.host.files, request.to));
        const auto there = TRY(host::status_if_any(context.host.files, to));
        const bool is_folder = count > 1 || request.to.ends_with('/') || (there && there->kind == host::FileKind::folder);
        return is_folder ? host::join_path(to, own_name) : to;
    }
    if (!request.database.empty()) {
        if (count == 1) return canonical_name(context, request.database);
        return fail(ErrorCode::invalid, "restore {} databases into {}", count, printable(request.database)).with_advice("--only NAME with --for; or --to FOLDER");
    }
    if (database.told.original_path.starts_with('/')) return host::canonical_or_future(context.host.files, database.told.original_path);
    return fail(ErrorCode::invalid, "restore from {}: nothing in it tells where the database was", printable(database.name))
        .with_advice("--for DATABASE replaces that one's content, with a safety backup first; --to FILE writes a new file");
}

Result<PlannedMember> plan_member(Context& context, const OutsideBackup& backup, const OutsideDatabase& database, const std::string& target, const RestoreRequest& request) {
    if (target == backup.path) {
        return fail(ErrorCode::invalid, "restore {} into itself", printable(target)).with_advice("--for with the database, or --to with a new file");
    }
    PlannedMember member;
    FrozenDatabase frozen{.facts = database.frozen->facts(), .schema = {}, .page_count = database.image().last_page().value, .schema_version = {}};
    member.entry = entry_of(target, frozen);
    member.entry.content.size = database.image().size();
    if (!database.layers.empty()) {
        // The mode of what was unpacked is ours; of a database that stays, its own is the better one.
        const auto there = TRY(host::status_if_any(context.host.files, target));
        member.entry.mode = there ? there->mode : 0600;
        if (there) member.entry.owner = there->owner, member.entry.group = there->group;
    }
    member.image = std::make_unique<Borrowed>(database.image());
    if (request.schema_only) TRY(leave_schema_only(member));
    if (auto planned = plan_place(context, member, target, request); !planned) {
        const bool is_of_its_content = planned.error().code() == ErrorCode::corrupt;
        return is_of_its_content ? std::move(planned).error().while_doing(format("restore from {}", printable(database.name))) : std::move(planned).error();
    }
    member.report.from = database.name;
    if (!request.schema_only) member.report.sha256 = TRY(sqlite::plain_sha256(database.image())).hex();
    return member;
}

Result<RestorePlan> plan_outside(Context& context, OutsideBackup& backup, const RestoreRequest& request) {
    RestorePlan plan;
    plan.of = (request.schema_only ? "the schema of " : "") + printable(host::file_name_of(backup.path));
    plan.is_outside = true;
    plan.is_in_place = request.to.empty();
    const auto wanted = TRY(chosen(backup, request));
    for (const auto* database : wanted) {
        if (database->told.is_scrubbed && plan.is_in_place) {
            return fail(ErrorCode::invalid, "restore from {}: columns of it were scrubbed; the database would lose their values", printable(backup.path)).with_advice("--to FILE gives the database in it");
        }
        const std::string target = TRY(target_of(context, *database, request, wanted.size()));
        if (std::ranges::find(plan.paths, target) != plan.paths.end()) {
            return fail(ErrorCode::invalid, "restore from {}: two of its databases would become {}", printable(backup.path), printable(target)).with_advice("--only NAME");
        }
        plan.members.push_back(TRY(plan_member(context, backup, *database, target, request)));
        plan.paths.push_back(plan.members.back().report.to);
    }
    std::ranges::sort(plan.paths);
    return plan;
}

Result<void> carry_out_between_hooks(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request, RestoreReport& report) {
    const Hooks none;  // what gets a new file disturbs nobody
    HooksAround hooks(context, request.dry_run || !plan.is_in_place ? none : request.hooks, HookedVerb::restore);
    const HookFacts facts{.source = {}, .repository = opened.path(), .operation = {}, .databases = plan.paths, .number = 0};
    TRY(hooks.begin(facts));
    const auto done = carry_out(context, opened, plan, request, report);
    hooks.finish(facts, done ? nullptr : &done.error());
    report.hooks = std::move(hooks.runs);
    report.hooks_incomplete = !hooks.is_complete;
    std::ranges::move(hooks.warnings, std::back_inserter(report.warnings));
    return done ? Result<void>() : done.error().copy();
}

// No safety backup would hold what goes.
Result<void> expect_nothing_to_remove(const OutsideBackup& backup, const RestoreRequest& request) {
    const bool is_asked = request.exact && request.to.empty() && request.only.empty() && !request.schema_only;
    if (!is_asked || !backup.bundle_facts || backup.bundle_facts->missing.empty()) return {};
    return fail(ErrorCode::invalid, "restore from {} in place with --exact: it would remove {}, which was not there when it was made", printable(backup.path), printable(backup.bundle_facts->missing.front().path))
        .with_advice(format("holdfast adopt {}, and restore that backup; or without --exact", shell_word(backup.path)));
}

}  // namespace

std::string outside_file(const RestoreRequest& request) { return request.from.empty() ? request.file : request.from; }

Result<RestoreReport> restore_outside(Context& outer, const RestoreRequest& request) {
    Context context = outer;
    context.lock_wait_ms = place_options(outer, request).wait_ms;
    const host::Stopwatch stopwatch(context.host.clock);
    TRY(expect_outside_words(request));
    auto backup = TRY(open_outside(context, outside_file(request), request.outside, {.companions = companions_wanted(request), .known = nullptr}));
    if (!backup.companions.empty()) return restore_bundled_set(context, backup, request);
    TRY(expect_nothing_to_remove(backup, request));
    auto plan = TRY(plan_outside(context, backup, request));
    RestoreReport report;
    report.from_file = backup.path;
    report.proven_by = backup.proven_by;
    report.time = backup.databases.front().time.time;
    report.dry_run = request.dry_run;
    report.schema_only = request.schema_only;
    report.warnings = backup.warnings;
    const auto opened = plan.is_in_place ? TRY(repository_for_safety(context, request.repository, plan.members.front().report.to)) : no_repository();
    TRY(expect_agreement(context, *opened, plan, request, report.time));
    const std::string cause = TRY(ask_recovery_cause(context, request));
    TRY(carry_out_between_hooks(context, *opened, plan, request, report));
    tell_recovery(context, *opened, request, {.plan = plan, .cause = cause, .duration_ms = stopwatch.ms()}, report);
    if (auto still = expect_unchanged(backup); !still) {
        report.warnings.push_back(format("the file was written to while it was read: {}", still.error().message()));
        for (auto& member : plan.members) member.report.damaged = true;
    }
    for (auto& member : plan.members) report.databases.push_back(std::move(member.report));
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
