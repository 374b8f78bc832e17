#include "holdfast/operations/guard.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/as_kept.h"
#include "holdfast/operations/audited.h"
#include "holdfast/operations/backup_in_use.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/guarded_databases.h"
#include "holdfast/operations/moved_databases.h"

namespace holdfast::operations {

namespace {

// As the shell, env and timeout have them.
constexpr int exit_code_not_runnable = 126, exit_code_not_found = 127;

std::string operation_of(const GuardRequest& request) {
    if (!request.before.empty()) return request.before;
    const std::string name = request.command.empty() ? "" : host::file_name_of(request.command.front());
    return name.empty() ? "guard" : name;
}

// A backup that cannot be gone back to is none for this purpose.
Result<BackupReport> expect_whole(BackupReport report) {
    if (!report.damaged) return report;
    const auto at = std::ranges::find_if(report.databases, &BackupMember::damaged);
    const std::string which = at == report.databases.end() ? "a database" : printable(at->path);
    return fail(ErrorCode::corrupt, "backup #{} was made, but {} is damaged, and was before", report.number, which)
        .with_advice(format("holdfast verify {}; holdfast list shows older backups", report.number));
}

Result<BackupReport> back_up(Context& context, const GuardRequest& request, const GuardedDatabases& guarded) {
    BackupRequest backup_request;
    backup_request.repository = request.repository;
    if (!guarded.repository.empty()) backup_request.repository.repository = guarded.repository;
    backup_request.databases = guarded.paths;
    backup_request.source = guarded.source;
    backup_request.purpose.operation = operation_of(request);
    backup_request.hooks = request.hooks;
    backup_request.all_or_nothing = true;
    backup_request.wait_s = request.wait_s;
    backup_request.in_use_by = "guard";
    return expect_whole(TRY(audited(context, backup_request, backup)));
}

void describe_backup(GuardReport& report, const BackupReport& made, const RepositoryRequest& opened_by) {
    GuardBackup one{.number = made.number, .source = made.source, .go_back = restore_command(opened_by, {.number = made.number, .repository = made.repository}),
                    .safety_repository = {}, .undo = {}, .databases = {}, .in_use = made.in_use};
    for (const auto& member : made.databases) one.databases.push_back(member.path);
    const bool is_first = report.backups.empty();
    if (is_first) report.number = made.number;
    report.repository = made.repository;
    report.confirmed_only = made.confirmed_only && (is_first || report.confirmed_only);
    report.backup_ms += made.duration_ms;
    report.hooks.insert(report.hooks.end(), made.hooks.begin(), made.hooks.end());
    report.warnings.insert(report.warnings.end(), made.warnings.begin(), made.warnings.end());
    if (made.skewed) report.warnings.push_back(format("backup #{} is not of one moment: {}", made.number, made.skew));
    report.databases.insert(report.databases.end(), one.databases.begin(), one.databases.end());
    report.backups.push_back(std::move(one));
}

// Each source's, one after another: all, or the first error.
Result<void> back_up_all(Context& context, const GuardRequest& request, GuardReport& report) {
    for (const auto& guarded : TRY(guarded_databases(context, request.repository, request.databases))) {
        const auto made = TRY(back_up(context, request, guarded));
        describe_backup(report, made, request.repository);
        request.announce(made);
    }
    return {};
}

void run_command(const GuardRequest& request, GuardReport& report) {
    host::ProgramOrder order;
    order.words = request.command;
    order.place = host::ProgramPlace::foreground;
    order.input = host::ProgramInput::inherited;
    const auto ran = host::run_program(order);
    report.command_run = ran.ok();
    if (!ran) {
        report.command_error = ran.error().message();
        report.exit_code = ran.error().code() == ErrorCode::not_found ? exit_code_not_found : exit_code_not_runnable;
        return;
    }
    report.exit_code = ran->exit_code();
    report.signal = ran->signal;
    report.command_ms = ran->duration_ms;
}

Result<bool> is_unchanged(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot) {
    for (const auto& entry : snapshot.members) {
        const auto path = TRY(lies_now(repository, snapshot, entry.name));
        if (!TRY(is_as_kept(context, repository, {.source = snapshot.source.id, .entry = entry, .path = path}))) return false;
    }
    return true;
}

Result<void> restore_one(Context& context, const GuardRequest& request, GuardReport& report, GuardBackup& one) {
    auto& repository = one.in_use->opened->get();
    const auto snapshot = repository.snapshot(one.in_use->number);
    if (!snapshot) return snapshot.error().copy().while_doing(format("go back to backup #{} in {}", one.number, printable(report.repository)));
    const auto unchanged = is_unchanged(context, repository, *snapshot);
    one.unchanged = unchanged && *unchanged;  // what cannot be looked at is restored
    if (one.unchanged) return {};
    RestoreRequest restore_request;
    restore_request.repository = request.repository;
    restore_request.repository.repository = report.repository;
    restore_request.snapshot = std::to_string(one.number);
    restore_request.hooks = request.hooks;
    restore_request.yes = true;  // --restore-on-failure has said so
    restore_request.wait_s = request.wait_s;
    auto restored = TRY(audited(context, restore_request, restore));
    one.safety_number = restored.safety_number;
    one.safety_repository = restored.safety_repository;
    one.undo = restored.go_back;
    std::ranges::move(restored.hooks, std::back_inserter(report.hooks));
    std::ranges::move(restored.warnings, std::back_inserter(report.warnings));
    return {};
}

// One that fails does not stop the others: each is a database that can be used again.
void go_back(Context& context, const GuardRequest& request, GuardReport& report) {
    for (auto& one : report.backups) {
        const auto restored = restore_one(context, request, report, one);
        if (!restored) report.restore_error += (report.restore_error.empty() ? "" : "; ") + restored.error().text();
    }
    report.restored = report.restore_error.empty();
    report.unchanged = report.restored && std::ranges::all_of(report.backups, &GuardBackup::unchanged);
    report.safety_number = report.backups.front().safety_number;
    report.safety_repository = report.backups.front().safety_repository;
}

void look_at_way_back(Context& context, GuardBackup& one) {
    const auto flags = flags_to_go_back(context, *one.in_use);
    one.gone = flags ? "" : flags.error().message();
    one.go_back = flags ? one.go_back + *flags : "";
}

void tell_way_back(Context& context, GuardReport& report) {
    for (auto& one : report.backups) {
        if (!report.restored) look_at_way_back(context, one);
        if (!one.go_back.empty()) report.go_back += (report.go_back.empty() ? "" : " && ") + one.go_back;
    }
}

}  // namespace

Result<GuardReport> guard(Context& context, const GuardRequest& request) {
    GuardReport report;
    report.operation = operation_of(request);
    auto made = back_up_all(context, request, report);
    const bool is_wanted_anyway = request.even_if_backup_fails && !request.command.empty() && !context.watch.stop.stop_requested();
    if (!made && is_wanted_anyway) {
        report.backup_error = made.error().text();
        request.announce_failure(made.error());
    } else if (!made) {
        if (request.command.empty()) return std::move(made).error();
        return std::move(made).error().while_doing("the command was NOT run, as the backup before it failed");
    }
    if (request.command.empty()) return report;
    TRY(context.watch.go_on());

    run_command(request, report);
    if (report.exit_code == 0) return report;
    if (report.command_run && request.restore_on_failure && made) go_back(context, request, report);
    tell_way_back(context, report);
    return report;
}

}  // namespace holdfast::operations
