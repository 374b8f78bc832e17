#include "holdfast/operations/fresh.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/repository_or_none.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_proof.h"
#include "holdfast/operations/safety_backup.h"
#include "holdfast/operations/set_aside.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/source_of_databases.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/operations/tell_recovery.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

struct Beginning {
    LoadedSettings loaded;
    std::string source;
    std::vector<std::string> databases;  // canonical, or where they will be
    std::string command;
};

Result<std::string> source_meant(Context& context, const LoadedSettings& loaded, const std::string& said) {
    const auto& sources = loaded.settings.source;
    if (loaded.source(said) != nullptr) return said;
    if (const auto by_database = said.empty() ? std::string() : source_of_database(context, loaded.settings, said); !by_database.empty()) return by_database;
    if (said.empty() && sources.size() == 1) return sources.begin()->first;
    std::string names;
    for (const auto& [name, source] : sources) names += (names.empty() ? "" : ", ") + printable(name);
    if (sources.empty()) {
        return fail(ErrorCode::invalid, "start with a fresh database: there are no settings with a source").with_advice("holdfast init DATABASE writes some; init = \"COMMAND\" below [source.NAME]");
    }
    return fail(ErrorCode::invalid, "start with a fresh database of {}: the settings have {}", said.empty() ? "which source" : printable(said), names).with_advice("name one of these");
}

Result<Beginning> beginning_of(Context& context, const FreshRequest& request) {
    Beginning now{.loaded = TRY(load_settings(context, request.repository.settings)), .source = {}, .databases = {}, .command = {}};
    now.source = TRY(source_meant(context, now.loaded, request.source));
    const auto& source = *now.loaded.source(now.source);
    now.command = source.init;
    if (now.command.empty()) {
        return fail(ErrorCode::invalid, "start with a fresh database of {}: the settings have no init command for it", printable(now.source))
            .with_advice(format("init = \"./scripts/db-init.sh\" below [source.{}]; or holdfast restore latest --schema-only, which takes the schema from a backup", printable(now.source)));
    }
    for (const auto& path : source.databases) {
        now.databases.push_back(TRY(host::canonical_or_future(context.host.files, path)));
        TRY(refuse_inside_repository(context, now.databases.back()));
    }
    TRY(SetAside::expect_none_unfinished(context, now.databases));
    return now;
}

RestoreRequest as_restore(const FreshRequest& request) {
    RestoreRequest restore;
    restore.repository = request.repository;
    restore.offline = request.offline;
    restore.wait_s = request.wait_s;
    restore.yes = request.yes;
    restore.cause = request.cause;
    return restore;
}

// What is there now, as a restore in place would replace it: for its safety backup, which holdfast undo takes back.
Result<RestorePlan> plan_of(Context& context, const Beginning& now) {
    RestorePlan plan;
    plan.of = "a fresh database";
    plan.is_in_place = true;
    plan.paths = now.databases;
    std::ranges::sort(plan.paths);
    for (const auto& path : now.databases) {
        if (!TRY(host::exists(context.host.files, path))) continue;
        PlannedMember member;
        member.entry.name = path;
        member.report.to = path;
        member.route.route = live::Route::swap;
        plan.members.push_back(std::move(member));
    }
    return plan;
}

Result<void> expect_agreed(Context& context, const FreshRequest& request, const FreshReport& report) {
    if (request.yes || context.person == nullptr) return {};
    std::string question = format("start with a fresh database of {}:\n  run {}\n", printable(report.source), printable(report.command));
    for (const auto& database : report.databases) {
        question += format("  {}\n", printable(database.path));
        for (const auto& name : database.kept_aside) question += format("    kept aside as {}\n", printable(name));
    }
    if (TRY(context.person->agrees(question))) return {};
    return fail(ErrorCode::cancelled, "start with a fresh database: the answer was no; nothing was changed");
}

Result<void> run_init(Context& context, const FreshRequest& request, const Beginning& now, FreshReport& report) {
    constexpr std::size_t tail_size_max = 4096;
    constexpr std::uint64_t limit_s_max = 7 * 86'400;
    host::OutputTail tail(tail_size_max);
    std::string all;
    for (const auto& path : now.databases) all += path + "\n";
    all.pop_back();
    const auto end = host::run_program({.words = host::shell_words(now.command),
                                        .environment = {{"HOLDFAST_DATABASE", now.databases.size() == 1 ? now.databases.front() : ""}, {"HOLDFAST_DATABASES", all}, {"HOLDFAST_SOURCE", now.source}},
                                        .folder = now.loaded.folder,
                                        .output = host::ProgramOutput::taken_with_errors,
                                        .take = [&](ByteView more) { return tail.take(more); },
                                        .time_ms_max = static_cast<std::int64_t>(std::min(request.limit_s, limit_s_max)) * 1000,
                                        .stop = context.watch.stop});
    TRY(context.watch.go_on());
    report.output = tail.text();
    if (end && end->is_success()) return {};
    const std::string said = trim(tail.text()).empty() ? std::string() : ": " + printable(trim(tail.text()));
    return fail(ErrorCode::unavailable, "the init command {}{}", end ? end->text() : end.error().message(), said).with_advice("see what it says; then holdfast fresh again");
}

Result<void> look_at(Context& context, FreshDatabase& database) {
    if (!TRY(host::exists(context.host.files, database.path))) return fail(ErrorCode::not_found, "the init command has not made {}", printable(database.path));
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        database.bytes = image.size();
        if (database.bytes == 0) return fail(ErrorCode::corrupt, "it is empty");
        const auto outcome = TRY(check_image(image, context.watch));
        database.check = name_of(outcome.verdict);
        if (outcome.verdict != sqlite::CheckOutcome::Verdict::damaged) return {};
        return fail(ErrorCode::corrupt, "SQLite finds it damaged: {}", outcome.findings.empty() ? "" : outcome.findings.front());
    };
    auto looked = live::with_frozen(context.host, database.path, freeze_options(context), {.first_look = {}, .use = use});
    if (looked) return {};
    return std::move(looked).error().while_doing(format("what the init command has left at {} is no whole database", printable(database.path)));
}

Result<void> make_anew(Context& context, const FreshRequest& request, const Beginning& now, FreshReport& report) {
    TRY(run_init(context, request, now, report));
    for (auto& database : report.databases) TRY(look_at(context, database));
    return {};
}

// What failed, and where everything is now.
Error gone_back(Error why, SetAside& files) {
    std::vector<std::string> left;
    if (auto back = files.put_back(left); !back) return std::move(back).error().while_doing(why.message());
    std::string names;
    for (const auto& name : left) names += (names.empty() ? "" : ", ") + printable(name);
    return std::move(why).while_doing(left.empty() ? "the old files are back as they were" : format("the old files are back as they were (what came in their place: {})", names));
}

// After a failure everything lies where it lay; the error says what does not.
Result<void> replace_all(Context& context, const FreshRequest& request, const Beginning& now, SetAside& files, FreshReport& report) {
    TRY(files.plan());
    for (auto& database : report.databases) database.kept_aside = files.names_of(database.path);
    TRY(files.move_away());
    auto made = make_anew(context, request, now, report);
    if (!made) return gone_back(std::move(made).error(), files);
    return files.keep();
}

void tell_way_back(const FreshRequest& request, OpenRepository& opened, const SafetyBackup& safety, FreshReport& report) {
    report.safety_number = safety.number;
    report.safety_repository = safety.repository;
    report.safety_is_raw = safety.is_raw;
    const auto opened_by = request_for(request.repository, opened, safety.repository);
    if (safety.is_raw) report.go_back = restore_command(opened_by, {.number = safety.number, .repository = safety.repository, .is_raw = true});
    else if (safety.number != 0) report.go_back = undo_command(request_for(request.repository, opened, opened.path()), opened.path());
}

Result<void> begin_anew(Context& context, const FreshRequest& request, const Beginning& now, SetAside& files, FreshReport& report) {
    for (const auto& database : now.databases) TRY(expect_none_interrupted(context, request.repository, database));
    auto plan = TRY(plan_of(context, now));
    const auto restore = as_restore(request);
    for (const auto& member : plan.members) TRY(expect_unopened(context, member.report.to, restore));
    if (plan.members.empty()) return replace_all(context, request, now, files, report);
    const auto opened = TRY(repository_for_safety(context, request.repository, now.databases.front()));
    TRY(prove_parent(context, *opened, plan, std::nullopt));
    auto safety = TRY(make_safety_backup(context, *opened, plan, {.is_optional = request.no_safety_backup}));
    tell_way_back(request, *opened, safety, report);
    auto done = [&]() -> Result<void> {
        for (const auto& member : plan.members) TRY(expect_unopened(context, member.report.to, restore));
        return replace_all(context, request, now, files, report);
    }();
    note_end(context, *opened, safety, done ? RestoreEnd::took_place : RestoreEnd::replaced_nothing);
    report.warnings = std::move(safety.warnings);
    return done;
}

// The fresh databases as they are now, and what was there in the safety backup.
void tell(Context& context, const FreshRequest& request, const Beginning& now, const std::string& cause, FreshReport& report) {
    FreshStart start{.log = now.loaded.settings.log.recovery, .databases = now.databases, .cause = cause, .repository = request.repository, .safety_number = report.safety_number,
                     .had_databases = std::ranges::any_of(report.databases, [](const auto& database) { return !database.kept_aside.empty(); }), .duration_ms = report.duration_ms};
    start.repository.repository = report.safety_repository;
    start.is_raw = report.safety_is_raw;
    auto told = tell_fresh_start(context, start);
    report.data_lost = std::move(told.data_lost);
    report.recovery_log = std::move(told.log);
    std::ranges::move(told.warnings, std::back_inserter(report.warnings));
}

}  // namespace

Result<FreshReport> fresh(Context& outer, const FreshRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    const auto now = TRY(beginning_of(context, request));
    FreshReport report{.source = now.source, .command = now.command, .safety_repository = {}, .go_back = {}, .output = {}, .data_lost = {}, .recovery_log = {}, .dry_run = request.dry_run, .databases = {}, .hooks = {}, .warnings = {}};
    SetAside files(context, now.databases);
    TRY(files.plan());
    for (const auto& path : now.databases) report.databases.push_back({.path = path, .check = {}, .kept_aside = files.names_of(path)});
    if (request.dry_run) return report;
    TRY(expect_agreed(context, request, report));
    auto asking = as_restore(request);
    asking.recovery_log = now.loaded.settings.log.recovery;
    const std::string cause = TRY(ask_recovery_cause(context, asking));
    const auto wanted = hooks_of(now.loaded, now.source);
    HooksAround hooks(context, wanted, HookedVerb::restore);
    const HookFacts facts{.source = now.source, .repository = request.repository.repository, .operation = "fresh", .databases = now.databases, .number = 0};
    auto done = hooks.begin(facts);
    if (done) done = begin_anew(context, request, now, files, report);
    hooks.finish(facts, done ? nullptr : &done.error());
    if (!done) return std::move(done).error();
    report.hooks = std::move(hooks.runs);
    report.hooks_incomplete = !hooks.is_complete;
    std::ranges::move(hooks.warnings, std::back_inserter(report.warnings));
    report.duration_ms = stopwatch.ms();
    tell(context, request, now, cause, report);
    return report;
}

}  // namespace holdfast::operations
