#include "holdfast/operations/forget.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/operations/forget_by_rule.h"
#include "holdfast/operations/lost_protection.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotNumber;

Result<SnapshotNumber> number_of(Context& context, const repository::Repository& repository, const std::string& snapshot) {
    const auto selector = TRY(history::parse_selector(snapshot));
    if (selector.kind == history::Selector::Kind::number) {
        const auto there = repository.snapshot(selector.number);
        // One that cannot be read can still be forgotten, so that prune goes on.
        if (!there && there.error().code() != ErrorCode::corrupt) return there.error().copy();
        return selector.number;
    }
    return TRY(select(context, repository, {.snapshot = snapshot, .at = {}, .source = {}})).moment.snapshot.number;
}

// All of them, before anything is changed: each must be there, and must not be in the wanted state already.
struct Wanted {
    bool is_forgotten = false;
    std::string_view verb;
};
Result<std::vector<SnapshotNumber>> select_all(Context& context, const repository::Repository& repository,
                                               const std::vector<std::string>& snapshots, const Wanted& wanted) {
    if (snapshots.empty()) {
        return fail(ErrorCode::invalid, "{} which backup: none is named", wanted.verb).with_advice(format("holdfast {} 12; or holdfast {} --help", wanted.verb, wanted.verb));
    }
    const auto notes = TRY(repository.notes());
    std::vector<SnapshotNumber> numbers;
    std::set<SnapshotNumber> seen;
    for (const auto& snapshot : snapshots) {
        const auto number = TRY(number_of(context, repository, snapshot));
        const auto at = notes.of.find(number);
        const bool is_forgotten = at != notes.of.end() && at->second.forgotten;
        if (is_forgotten == wanted.is_forgotten) {
            return fail(ErrorCode::invalid, "{} #{}: it is {} already", wanted.verb, number.value,
                        wanted.is_forgotten ? "forgotten" : "in the list")
                .with_advice("leave it out; holdfast list --forgotten shows which are");
        }
        if (seen.insert(number).second) numbers.push_back(number);
    }
    return numbers;
}

ForgetReport report_of(const std::vector<SnapshotNumber>& numbers) {
    ForgetReport report;
    for (const auto number : numbers) report.numbers.push_back(number.value);
    return report;
}

Result<void> expect_not_held(const repository::Repository& repository, const std::vector<SnapshotNumber>& numbers) {
    const auto notes = TRY(repository.notes());
    for (const auto number : numbers) {
        const auto at = notes.of.find(number);
        if (at != notes.of.end()) TRY(history::expect_forgettable(number, at->second));
    }
    return {};
}

// While it is forgotten nobody is led to what a restore replaced.
void tell_of_undo(const repository::Repository& repository, ForgetReport& report) {
    for (const auto number : report.numbers) {
        const auto snapshot = repository.snapshot({number});
        if (!snapshot || snapshot->kind != repository::SnapshotKind::safety) continue;
        report.warnings.push_back(format("#{} holds what a restore replaced: holdfast undo does not go back to it until it is recalled", number));
    }
}

// A rule would not take these; a person's word does, and is told what goes with them.
Result<void> tell_of_protection(const repository::Repository& repository, const ForgetRequest& request, const std::vector<SnapshotNumber>& numbers,
                                ForgetReport& report) {
    auto lost = TRY(lost_protection(repository, numbers));
    std::ranges::move(lost.warnings, std::back_inserter(report.warnings));
    for (const auto& source : lost.without_any) {
        if (!request.remove_all) {
            return fail(ErrorCode::invalid, "forget: no whole backup of {} would stay", source)
                .with_advice("holdfast backup first; or --unsafe-allow-remove-all, where nobody needs it any more");
        }
        report.warnings.push_back(format("no whole backup of {} stays", source));
    }
    return {};
}

Result<ForgetReport> named(Context& context, const repository::Repository& repository, const ForgetRequest& request) {
    const auto numbers = TRY(select_all(context, repository, request.snapshots, {.is_forgotten = true, .verb = "forget"}));
    TRY(expect_not_held(repository, numbers));  // a dry run finds it, too
    TRY(history::expect_not_in_use(repository, numbers));
    auto report = report_of(numbers);
    tell_of_undo(repository, report);
    TRY(tell_of_protection(repository, request, numbers, report));
    return report;
}

bool has_filter(const ForgetRequest& request) {
    return !request.narrow.kind.empty() || !request.narrow.operation.empty() || !request.narrow.tags.empty() || !request.source.empty();
}

bool is_by_rule(const ForgetRequest& request) { return request.policy || request.keep.is_said() || (request.remove_all && request.snapshots.empty()); }

// Backups are named, or a policy or one rule finds them.
Result<void> expect_one_way(const ForgetRequest& request) {
    const bool is_by_name = !request.snapshots.empty();  // then remove_all speaks of the last whole one
    const auto ways = (is_by_name ? 1 : 0) + (request.policy ? 1 : 0) + (request.keep.is_said() ? 1 : 0) + (request.remove_all && !is_by_name ? 1 : 0);
    if (ways > 1 || (!request.snapshots.empty() && has_filter(request))) {
        return fail(ErrorCode::invalid, "forget: backups are named, or chosen by --policy, or by --keep flags; not by several of these at once")
            .with_advice("run them one after the other");
    }
    if (request.policy && (!request.narrow.kind.empty() || !request.narrow.operation.empty() || !request.narrow.tags.empty())) {
        return fail(ErrorCode::invalid, "forget --policy: the policy has its own rules for kinds and tags").with_advice("--source alone, or a --keep flag instead of --policy");
    }
    if (request.remove_all && !is_by_name && !has_filter(request)) {
        return fail(ErrorCode::invalid, "forget --unsafe-allow-remove-all: of everything").with_advice("say of what, with --kind, --operation, --tag or --source");
    }
    if (ways == 0 && has_filter(request)) {
        return fail(ErrorCode::invalid, "forget: how many of them are to stay is not said").with_advice("--keep-last N, or another --keep flag");
    }
    return {};
}

}  // namespace

Result<ForgetReport> forget(Context& context, const ForgetRequest& request) {
    TRY(expect_one_way(request));
    const auto opened = TRY(open_repository(context, request.repository, {}));
    auto report = TRY(is_by_rule(request) ? chosen_by_rule(context, opened->get(), request) : named(context, opened->get(), request));
    report.dry_run = request.dry_run;
    if (!report.numbers.empty()) {
        report.advice = format("to bring it back: holdfast recall {}; to free its space, after a grace time: holdfast prune", report.numbers.front());
    }
    if (request.dry_run) {
        TRY(context.host.files.expect_writable(opened->path()));
        return report;
    }
    std::vector<SnapshotNumber> numbers;
    for (const auto number : report.numbers) numbers.push_back({number});
    TRY(history::forget(opened->get(), numbers, context.host.clock.now()));
    return report;
}

Result<ForgetReport> recall(Context& context, const RecallRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(select_all(context, opened->get(), request.snapshots, {.is_forgotten = false, .verb = "recall"}));
    TRY(history::recall(opened->get(), numbers, context.host.clock.now()));
    auto report = report_of(numbers);
    report.recalled = true;
    std::string named;
    for (const auto number : numbers) named += format(" {}", number.value);
    report.warnings.push_back(format("the retention policy may forget it again after the next backup; to keep it: holdfast hold{}", named));
    return report;
}

}  // namespace holdfast::operations
