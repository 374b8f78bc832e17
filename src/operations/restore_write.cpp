#include "holdfast/operations/restore_write.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/swap_companions.h"
#include "holdfast/operations/write_companion.h"
#include "holdfast/operations/write_raw_file.h"

namespace holdfast::operations {

namespace {

using live::Route;

// In place, a file is who it was in the backup; a new one belongs to whoever restores; one that --force replaces stays
// as open or closed to others as it was.
Result<live::NewFileRequest> file_request(Context& context, const PlannedMember& member, bool is_in_place) {
    live::NewFileRequest request;
    request.path = member.report.to;
    request.appearance = {.mode = member.entry.mode, .owner = member.entry.owner, .group = member.entry.group,
                          .set_owner = is_in_place};
    request.replace_existing = member.route.route == Route::swap;
    const auto replaced = TRY(host::status_if_any(context.host.files, request.path));
    if (!is_in_place && replaced) {
        request.appearance = {.mode = replaced->mode, .owner = replaced->owner, .group = replaced->group, .set_owner = true};
    }
    return request;
}

std::string_view name_of(live::Proof proof) {
    switch (proof) {
        case live::Proof::content: return "content";
        case live::Proof::transaction: return "transaction";
        case live::Proof::none: return "none";
    }
    return "none";
}

void tell(RestoredMember& report, live::WriteReport written) {
    report.copy_ms = written.copy_ms;
    report.proof = name_of(written.proof);
    report.proof_ms = written.proof_ms;
    report.writers_blocked_ms = written.writers_blocked_ms;
    report.moved_aside = std::move(written.moved_aside);
    report.notes.insert(report.notes.end(), written.notes.begin(), written.notes.end());
}

// In place of nothing, or of something that nobody can use.
Result<void> put_file(Context& context, OpenRepository& opened, PlannedMember& member, const RestoreRequest& options,
                      const Watch& watch) {
    const bool is_in_place = options.to.empty();
    const bool is_forced = !is_in_place && member.route.route == Route::swap;
    if (is_forced) TRY(expect_unopened(context, member.report.to, options));
    const auto request = TRY(file_request(context, member, is_in_place));
    auto written = is_in_place ? live::swap_file(context.host, opened.pool(), *member.image, request,
                                                 place_options(context, options), watch)
                               : live::write_new_file(context.host, opened.pool(), *member.image, request, watch);
    if (!written) return std::move(written).error();
    tell(member.report, std::move(*written));
    return {};
}

// All databases that stay are locked, then the safety backup is made; all are written, the companions are exchanged, and only
// then is one database after the other committed. Until the first one is, everything can be taken back.
class InPlace {
public:
    InPlace(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& options)
        : context_(context), opened_(opened), plan_(plan), options_(options), watch_(context.watch), companions_(context, opened, plan, options) {}

    Result<SafetyBackup> run() {
        auto done = replace();
        note_end(context_, opened_, safety_, !done && replaced_.empty() ? RestoreEnd::replaced_nothing : RestoreEnd::took_place);
        if (!done) return told_how_far(std::move(done).error());
        const bool is_anything_written = !plan_.members.empty() || !plan_.companions.empty();
        if (safety_.number == 0 && is_anything_written) cut_undo(context_, opened_, plan_, safety_.warnings);
        std::ranges::move(companions_.warnings, std::back_inserter(safety_.warnings));
        return std::move(safety_);
    }

private:
    struct Locked {
        PlannedMember& member;
        std::unique_ptr<live::LiveReplacement> database;
    };

    Result<void> replace() {
        if (!plan_.companions.empty()) TRY(companions_.stage());
        TRY(lock_all());
        TRY(expect_unopened_still());
        if (plan_.needs_safety_backup()) safety_ = TRY(make_safety_backup(context_, opened_, plan_, {.is_optional = options_.no_safety_backup}));
        if (!plan_.companions.empty()) TRY(companions_.note_safety(safety_));
        for (auto& locked : locked_) TRY(locked.database->write(watch_));
        if (!plan_.companions.empty()) TRY(companions_.carry_out(safety_, watch_));
        auto done = replace_databases();
        if (plan_.companions.empty()) return done;
        if (done) companions_.finish();
        else if (replaced_.empty()) done = taken_back(std::move(done).error());
        return done;
    }

    // Since it was planned, a hook may have started what has such a file open: refused now, it leaves no safety backup behind.
    Result<void> expect_unopened_still() {
        for (const auto& member : plan_.members) {
            if (member.route.route != Route::swap || !TRY(host::exists(context_.host.files, member.report.to))) continue;
            TRY(live::plan_replacement(context_.host, member.report.to, *member.image, place_options(context_, options_)));
        }
        return {};
    }

    Result<void> lock_all() {
        for (auto& member : plan_.members) {
            if (member.route.route != Route::transaction) continue;
            live::LiveRequest request{.path = member.report.to, .place = place_options(context_, options_), .committed = [this, &member] { note_replaced(member); }};
            locked_.push_back({.member = member, .database = TRY(live::LiveReplacement::begin(context_.host, *member.image, std::move(request), watch_))});
        }
        return {};
    }

    // After the first one there is no way but on: what fails then is told when all others have been replaced.
    Result<void> replace_databases() {
        Result<void> all;
        const auto go_on_after = [&](Result<void> done) {
            if (!done && all) all = std::move(done);
            return all.ok() || !replaced_.empty();
        };
        for (auto& member : plan_.members) {
            if (member.route.route == Route::transaction) continue;
            auto put = put_file(context_, opened_, member, options_, watch_);
            if (put) note_replaced(member);
            if (!go_on_after(std::move(put))) return all;
        }
        for (auto& locked : locked_) {
            auto written = locked.database->commit(watch_);
            locked.database.reset();
            if (written) tell(locked.member.report, *std::move(written));
            if (!go_on_after(written ? Result<void>() : Result<void>(std::move(written).error()))) return all;
        }
        return all;
    }

    Error taken_back(Error error) {
        const auto undone = companions_.undo();
        is_put_back_ = undone.ok();
        return undone ? std::move(error) : std::move(error).while_doing(format("the files that belong with it could not be put back ({}), the next command does that", undone.error().message()));
    }

    // Who stops it now would leave some databases replaced and others not: it goes on to its end.
    void note_replaced(const PlannedMember& member) {
        watch_.stop = {};
        if (!plan_.companions.empty()) companions_.note_replaced(member.report.to);
        replaced_.push_back(printable(member.report.to));
    }
    Error told_how_far(Error error) const {
        const bool is_advised = !error.advice().empty();
        std::string advice = is_advised ? error.advice() + "; " : std::string();
        if (replaced_.empty() && safety_.number == 0) return error;
        if (replaced_.empty()) advice += is_put_back_ ? "nothing was replaced" : "no database was replaced";
        for (const auto& path : replaced_) advice += format("{}{}", &path == &replaced_.front() ? "the backup is already in " : ", ", path);
        if (safety_.number > 0) {
            const auto opened_by = request_for(options_.repository, opened_, safety_.repository);
            advice += format("; the state before is backup #{} in {}: {}", safety_.number, printable(safety_.repository),
                             restore_command(opened_by, {.number = safety_.number, .repository = safety_.repository, .is_exact = plan_.takes_exact_to_go_back(), .is_raw = safety_.is_raw}));
        }
        return std::move(error).with_advice(std::move(advice));
    }

    Context& context_;
    OpenRepository& opened_;
    RestorePlan& plan_;
    const RestoreRequest& options_;
    Watch watch_;
    CompanionSwap companions_;
    std::vector<Locked> locked_;
    std::vector<std::string> replaced_;  // for people
    SafetyBackup safety_;
    bool is_put_back_ = true;            // the companions, when no database was replaced
};

}  // namespace

// Companions first: a database may lie in one of their folders.
Result<void> write_new_files(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request) {
    for (auto& companion : plan.companions) {
        const host::Stopwatch stopwatch(context.host.clock);
        const auto written = TRY(write_companion(context, opened, companion.entry, {.path = companion.report.to}));
        companion.report.files = written.files;
        companion.report.bytes = written.bytes;
        companion.report.copy_ms = stopwatch.ms();
    }
    for (auto& member : plan.members) {
        if (member.image) {
            TRY(put_file(context, opened, member, request, context.watch));
            continue;
        }
        const host::Stopwatch stopwatch(context.host.clock);
        TRY(write_raw_file(context, opened.get(), member.entry, member.report.to));
        member.report.copy_ms = stopwatch.ms();
    }
    return {};
}

Result<SafetyBackup> replace_in_place(Context& context, OpenRepository& opened, RestorePlan& plan,
                                      const RestoreRequest& request) {
    return InPlace(context, opened, plan, request).run();
}

}  // namespace holdfast::operations
