#include "holdfast/operations/forget.h"

#include <set>

#include "holdfast/base/text.h"
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
    if (snapshots.empty()) return fail(ErrorCode::invalid, "{} which backup: none is named", wanted.verb);
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

ForgetReport report_of(const std::vector<SnapshotNumber>& numbers, std::string advice) {
    ForgetReport report;
    report.advice = std::move(advice);
    for (const auto number : numbers) report.numbers.push_back(number.value);
    return report;
}

}  // namespace

Result<ForgetReport> forget(Context& context, const ForgetRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(select_all(context, opened->get(), request.snapshots, {.is_forgotten = true, .verb = "forget"}));
    auto report = report_of(numbers, format("to bring it back: holdfast recall {}; to free its space, after a grace time: "
                                            "holdfast prune", numbers.front().value));
    report.dry_run = request.dry_run;
    if (request.dry_run) {
        TRY(context.host.files.expect_writable(opened->path()));
        return report;
    }
    TRY(history::forget(opened->get(), numbers, context.host.clock.now()));
    return report;
}

Result<ForgetReport> recall(Context& context, const RecallRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(select_all(context, opened->get(), request.snapshots, {.is_forgotten = false, .verb = "recall"}));
    TRY(history::recall(opened->get(), numbers, context.host.clock.now()));
    auto report = report_of(numbers, "");
    report.recalled = true;
    return report;
}

}  // namespace holdfast::operations
