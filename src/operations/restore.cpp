#include "holdfast/operations/restore.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/after_restore.h"
#include "holdfast/operations/carry_out_restore.h"
#include "holdfast/operations/expect_replaceable.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/named_companion.h"
#include "holdfast/operations/own_places.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_outside.h"
#include "holdfast/operations/restore_packed.h"
#include "holdfast/operations/restore_paths.h"
#include "holdfast/operations/restore_rows.h"
#include "holdfast/operations/restore_selected.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/tell_recovery.h"
#include "holdfast/operations/unfinished_restore.h"

namespace holdfast::operations {

namespace {

OpenHow where_to_look(const history::Filter& filter) {
    OpenHow how;
    if (!filter.path.empty()) how.databases.push_back(filter.path);
    return how;
}

RestoreReport report_of(const Selection& selection, const RestoreRequest& request) {
    const auto& snapshot = selection.moment.snapshot;
    RestoreReport report;
    report.number = snapshot.number.value;
    report.id = snapshot.id.hex();
    report.time = snapshot.time;
    report.source = snapshot.source.name;
    report.gap_s = selection.gap_s;
    report.dry_run = request.dry_run;
    report.schema_only = request.schema_only;
    report.warnings = selection.warnings;
    if (request.to.empty() && snapshot.source.machine != host::this_machine()) {
        report.warnings.push_back("the backup is of another machine: its paths are used on this one");
    }
    return report;
}

Result<void> expect_sense(Context& context, const RestoreRequest& request) {
    TRY(expect_rows_make_sense(request));
    TRY(expect_paths_make_sense(request));
    if (is_packed(request)) TRY(expect_packable(request));
    if (request.paths.empty()) TRY(expect_true_target(context, request));  // else it depends on what they choose
    if (is_packed(request) && request.schema_only) {
        return fail(ErrorCode::invalid, "restore --schema-only to a compressed file or standard output").with_advice("--to FILE; gzip and zstd are quick at so little");
    }
    if (!request.force || !request.to.empty()) return {};
    return fail(ErrorCode::invalid, "restore in place with --force: it is for --to, where it replaces an existing file")
        .with_advice("leave it out: in place, the present state is kept by a safety backup");
}

// One database is named to tell the source, and others would be replaced with it.
Result<void> expect_all_are_meant(const repository::Snapshot& snapshot, const history::Filter& filter, const RestoreRequest& request) {
    const bool is_by_path = snapshot.source.name != filter.source && std::ranges::find(snapshot.source.paths, filter.path) != snapshot.source.paths.end();
    if (!request.to.empty() || !request.only.empty() || request.rows.is_asked() || snapshot.members.size() < 2 || !is_by_path) return {};
    return fail(ErrorCode::invalid, "restore #{} in place: it would replace {} databases, and --source names {}", snapshot.number.value,
                snapshot.members.size(), printable(filter.path))
        .with_advice(format("--only {} restores that one; --source {} all of them", shell_word(filter.path), shell_word(snapshot.source.name)));
}

// A failure that says of bytes that they are damaged, and not yet of which backup, nor what to do.
Error in_backup(Error error, repository::SnapshotNumber number) {
    if (error.code() != ErrorCode::corrupt || !error.advice().empty()) return error;
    return std::move(error)
        .while_doing(format("restore backup #{}", number.value))
        .with_advice(format("holdfast verify {} tells the whole damage; holdfast list shows the backups beside it", number.value));
}

struct Restoring {
    OpenRepository& opened;
    const Selection& selection;
    const RestoreOrder& order;
    std::string cause = {};  // for the recovery log
};

HookFacts facts_of(const Restoring& now) {
    const auto& snapshot = now.selection.moment.snapshot;
    return {.source = snapshot.source.name, .repository = now.opened.path(), .operation = snapshot.operation, .databases = snapshot.source.paths, .number = snapshot.number.value};
}

// Nothing is stopped before there is a plan, and who can be asked has agreed; unless it is what refuses the plan.
Result<RestorePlan> plan_and_begin(Context& context, Restoring& now, HooksAround& hooks) {
    const auto make_plan = [&]() -> Result<RestorePlan> {
        const auto& snapshot = now.selection.moment.snapshot;
        const auto& request = now.order.request;
        auto plan = request.paths.empty() ? plan_restore(context, now.opened.get(), now.selection.moment, request) : plan_restore_of_paths(context, now.opened.get(), now.selection.moment, request);
        if (!plan) return in_backup(std::move(plan).error(), snapshot.number);
        plan->doing = now.order.doing;
        TRY(expect_replaceable(context, *plan));
        TRY(expect_agreement(context, now.opened, *plan, now.order.request, snapshot.time));
        if (now.cause.empty()) now.cause = TRY(ask_recovery_cause(context, now.order.request));
        return plan;
    };
    auto plan = make_plan();
    const bool may_be_stopped = !plan && plan.error().code() == ErrorCode::busy && hooks.can_stop_something();
    if (!plan && !may_be_stopped) return plan;
    TRY(hooks.begin(facts_of(now)));
    return plan ? std::move(plan) : make_plan();
}

// In place; what gets a new file disturbs nobody and needs no telling.
Result<RestoreRequest> with_settings(Context& context, RestoreRequest request, const LoadedSettings& loaded, const std::string& source) {
    if (!request.to.empty()) return request;
    request.own_places = own_places(context.host.files, loaded);
    if (!loaded.is_there()) return request;
    if (request.hooks.is_empty()) request.hooks = hooks_of(loaded, source);
    if (request.recovery_log.empty()) request.recovery_log = loaded.settings.log.recovery;
    if (const auto* settings = loaded.source(source)) {
        for (const auto& companion : settings->companions) {
            if (companion.keep == "redacted") request.redacted.push_back(TRY(without_pattern_in_path(context.host.files, companion_request(companion))).path);
        }
    }
    return request;
}

Result<RestoreReport> restore_between(Context& context, Restoring& now, HooksAround& hooks) {
    const auto lease = TRY(now.opened.get().lease(now.selection.moment.snapshot.number));
    auto report = report_of(now.selection, now.order.request);
    const auto number = now.selection.moment.snapshot.number;
    if (is_packed(now.order.request)) {
        auto packed = restore_packed(context, now.opened, now.selection, now.order.request);
        if (!packed) return in_backup(std::move(packed).error(), number);
        report.databases.push_back(*std::move(packed));
        return report;
    }
    if (now.order.request.rows.is_asked()) {
        const auto begin = [&]() -> Result<std::string> {
            auto cause = TRY(ask_recovery_cause(context, now.order.request));
            TRY(hooks.begin(facts_of(now)));
            return cause;
        };
        auto done = restore_rows(context, now.opened, now.selection, {.request = now.order.request, .begin = begin}, report);
        if (!done) return in_backup(std::move(done).error(), number);
        return report;
    }
    auto plan = TRY(plan_and_begin(context, now, hooks));
    const host::Stopwatch stopwatch(context.host.clock);  // answers took their time
    auto done = carry_out(context, now.opened, plan, now.order.request, report);
    if (!done) return plan.is_in_place ? std::move(done).error() : in_backup(std::move(done).error(), number);
    tell_recovery(context, now.opened, now.order.request, {.plan = plan, .cause = now.cause, .duration_ms = stopwatch.ms()}, report);
    for (auto& member : plan.members) report.databases.push_back(std::move(member.report));
    report.files = std::move(plan.files);
    for (auto* companions : {&plan.companions, &plan.staying}) {
        for (auto& companion : *companions) report.companions.push_back(std::move(companion.report));
    }
    return report;
}

bool is_whole(const RestoreRequest& request) { return request.only.empty() && request.paths.empty() && !request.rows.is_asked() && !request.schema_only; }

// What an earlier restore left half done is mended before anything is planned.
Result<std::vector<std::string>> mend_before(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot, const RestoreRequest& request) {
    std::vector<std::string> told;
    if (!request.to.empty()) return told;
    if (request.dry_run) {
        for (const auto& seen : unfinished_restores(context, snapshot.source.paths)) {
            using Is = UnfinishedSeen::Is;
            const std::string_view then = seen.is == Is::at_work ? "waits for its end" : seen.is == Is::over ? "removes what it has left" : "mends that first, and what it replaces may differ then";
            told.push_back(format("{}; the real run {}", seen.what, then));
        }
        return told;
    }
    return TRY(mend_unfinished_restores(context, &opened, snapshot.source.paths, is_whole(request) ? WhenUnclear::abandon : WhenUnclear::refuse)).told;
}

// What was mended stays so, whatever becomes of the rest.
Error with_mended(Error error, const std::vector<std::string>& mended) {
    for (const auto& what : mended) error = std::move(error).while_doing(what);
    return error;
}

}  // namespace

Result<RestoreReport> restore_selected(Context& outer, OpenRepository& opened, const Selection& selection, const RestoreOrder& given) {
    const auto& snapshot = selection.moment.snapshot;
    const auto loaded = TRY(settings_if_good(outer, given.request.repository));
    const auto request = TRY(with_settings(outer, given.request, loaded, snapshot.source.name));
    const RestoreOrder order{.doing = given.doing, .request = request};
    Context context = outer;
    context.lock_wait_ms = place_options(outer, request).wait_ms;
    const host::Stopwatch stopwatch(context.host.clock);
    const Hooks none;  // what gets a new file disturbs nobody
    HooksAround hooks(context, request.dry_run || !request.to.empty() ? none : request.hooks, HookedVerb::restore);
    Restoring now{.opened = opened, .selection = selection, .order = order};
    auto mended = TRY(mend_before(context, opened, snapshot, request));
    auto done = restore_between(context, now, hooks);
    hooks.finish(facts_of(now), done ? nullptr : &done.error());
    if (!done) return with_mended(std::move(done).error(), mended);
    done->hooks = std::move(hooks.runs);
    done->hooks_incomplete = !hooks.is_complete;
    std::ranges::move(mended, std::back_inserter(done->warnings));
    std::ranges::move(hooks.warnings, std::back_inserter(done->warnings));
    if (request.to.empty()) {
        const auto noted = is_whole(request) ? unmet_by_notes(selection.moment.notes) : std::vector<std::string>();
        after_restore(context, {.loaded = loaded, .facts = facts_of(now), .rebuilt = snapshot.rebuilt, .unmet = noted, .go_back = done->go_back}, *done);
    }
    done->duration_ms = stopwatch.ms();
    return done;
}

Result<RestoreReport> restore(Context& context, const RestoreRequest& request) {
    TRY(expect_sense(context, request));
    if (!outside_file(request).empty()) return restore_outside(context, request);
    const auto filter = TRY(source_filter(context, request.source));
    const auto opened = TRY(open_repository(context, request.repository, where_to_look(filter)));
    const auto selection =
        TRY(select(context, opened->get(), {.snapshot = request.snapshot, .at = request.at, .source = request.source, .narrow = request.narrow}));
    TRY(expect_all_are_meant(selection.moment.snapshot, filter, request));
    return restore_selected(context, *opened, selection, {.doing = "restore", .request = request});
}

}  // namespace holdfast::operations
