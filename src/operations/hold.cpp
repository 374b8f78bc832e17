#include "holdfast/operations/hold.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

using repository::NoteType;
using repository::SnapshotNumber;

Result<std::vector<SnapshotNumber>> numbers_of(Context& context, const repository::Repository& repository,
                                               const std::vector<std::string>& snapshots) {
    std::vector<SnapshotNumber> numbers;
    for (const auto& snapshot : snapshots) {
        const auto number = TRY(select(context, repository, {.snapshot = snapshot, .at = {}, .source = {}})).moment.snapshot.number;
        if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
    }
    return numbers;
}

HoldReport report_of(const std::vector<SnapshotNumber>& numbers) {
    HoldReport report;
    for (const auto number : numbers) report.numbers.push_back(number.value);
    return report;
}

// Removed first, so that a value can be replaced by naming both.
Result<Tags> changed_tags(Tags tags, const AnnotateRequest& request) {
    for (const auto& unwanted : request.remove_tags) {
        const auto is_it = [&](const auto& tag) { return tag.first == unwanted || history::text_of(tag) == unwanted; };
        if (std::erase_if(tags, is_it) > 0) continue;
        return fail(ErrorCode::invalid, "remove the tag '{}': the backup has none", printable(unwanted)).with_advice("holdfast show tells its tags");
    }
    for (auto& added : TRY(parse_tags(request.add_tags))) {
        std::erase_if(tags, [&](const auto& tag) { return tag.first == added.first; });
        tags.push_back(std::move(added));
    }
    return tags;
}

Result<void> expect_loss(const history::Moment& moment) {
    const auto number = moment.snapshot.number.value;
    if (moment.notes.accepted) return fail(ErrorCode::invalid, "accept the loss of backup #{}: that was done", number);
    if (has_loss(moment.notes)) return {};
    return fail(ErrorCode::invalid, "accept the loss of backup #{}: none is noted", number).with_advice(format("holdfast verify {} looks at what the settings expect", number));
}

}  // namespace

Result<HoldReport> hold(Context& context, const HoldRequest& request) {
    if (request.reason.size() > limits::comment_size_max) return fail(ErrorCode::invalid, "hold: the reason is too long");
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(numbers_of(context, opened->get(), request.snapshots));
    TRY(history::hold(opened->get(), numbers, {.type = NoteType::held, .time = context.host.clock.now(), .text = request.reason}));
    auto report = report_of(numbers);
    report.held = true;
    return report;
}

Result<HoldReport> unhold(Context& context, const UnholdRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto numbers = TRY(numbers_of(context, opened->get(), request.snapshots));
    TRY(history::unhold(opened->get(), numbers, context.host.clock.now()));
    return report_of(numbers);
}

Result<AnnotateReport> annotate(Context& context, const AnnotateRequest& request) {
    const bool has_words = !request.comment.empty() || !request.add_tags.empty() || !request.remove_tags.empty();
    if (!has_words && !request.accept_loss) {
        return fail(ErrorCode::invalid, "annotate: nothing is to be changed").with_advice("--comment, --add-tag, --remove-tag or --accept-loss");
    }
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto moment = TRY(select(context, opened->get(), {.snapshot = request.snapshot, .at = {}, .source = {}})).moment;
    if (request.accept_loss) TRY(expect_loss(moment));
    AnnotateReport report;
    if (moment.notes.forgotten) {
        const auto number = moment.snapshot.number.value;
        report.warnings.push_back(format("backup #{} is forgotten, and a prune drops it with these words; to keep it: holdfast recall {}", number, number));
    }
    report.number = moment.snapshot.number.value;
    report.comment = request.comment.empty() ? moment.snapshot.comment : request.comment;
    for (const auto& tag : TRY(changed_tags(moment.snapshot.tags, request))) report.tags.push_back(history::text_of(tag));
    std::vector<repository::NewNote> notes;
    const auto now = context.host.clock.now();
    if (has_words) notes.push_back({.number = moment.snapshot.number, .note = {.type = NoteType::annotated, .time = now, .text = report.comment, .tags = report.tags}});
    if (request.accept_loss) notes.push_back({.number = moment.snapshot.number, .note = {.type = NoteType::accepted, .time = now}});
    TRY(opened->get().add_notes(notes));
    report.loss_accepted = request.accept_loss;
    return report;
}

}  // namespace holdfast::operations
