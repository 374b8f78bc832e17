#include "holdfast/operations/forget.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotNumber;

// All of them, before anything is changed: each must be there, and must not be in the wanted state already.
struct Wanted {
    bool is_forgotten = false;
    std::string_view verb;
};
Result<std::vector<SnapshotNumber>> select_all(Context& context, const repository::Repository& repository,
                                               const std::vector<std::string>& snapshots, const Wanted& wanted) {
    if (snapshots.empty()) return fail(ErrorCode::invalid, "{} which backup: none is named", wanted.verb);
    std::vector<SnapshotNumber> numbers;
    for (const auto& snapshot : snapshots) {
        const auto selection = TRY(select(context, repository, {.snapshot = snapshot, .at = {}, .source = {}}));
        const auto number = selection.moment.snapshot.number;
        if (selection.moment.notes.forgotten == wanted.is_forgotten) {
            return fail(ErrorCode::invalid, "{} #{}: it is {} already", wanted.verb, number.value,
                        wanted.is_forgotten ? "forgotten" : "in the list");
        }
        if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
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
    if (request.dry_run) return report;
    for (const auto number : numbers) TRY(history::forget(opened->get(), number, context.host.clock.now()));
    return report;
}

Result<ForgetReport> recall(Context& context, const RecallRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(select_all(context, opened->get(), request.snapshots, {.is_forgotten = false, .verb = "recall"}));
    for (const auto number : numbers) TRY(history::recall(opened->get(), number, context.host.clock.now()));
    return report_of(numbers, "");
}

}  // namespace holdfast::operations
