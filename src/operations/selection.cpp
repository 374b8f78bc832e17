#include "holdfast/operations/selection.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/backup_of_copy.h"
#include "holdfast/operations/purpose.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view unsaid = "latest";

// By its number, its id, its place; or by the plain copy that was written from it.
Result<history::Selector> selector_of_name(Context& context, const repository::Repository& repository, const std::string& name) {
    auto selector = history::parse_selector(name);
    if (selector || !TRY(host::exists(context.host.files, name))) return selector;
    return history::parse_selector("id:" + TRY(backup_of_copy(context, repository, name)));
}

Result<history::Selector> selector_of(Context& context, const repository::Repository& repository, const SelectionRequest& request) {
    const bool is_said = !request.snapshot.empty() && request.snapshot != unsaid;
    if (request.at.empty()) return is_said ? selector_of_name(context, repository, request.snapshot) : history::parse_selector(unsaid);
    if (is_said) {
        return fail(ErrorCode::invalid, "which backup: both {} and --at are given", printable(request.snapshot))
            .with_advice("give one of them");
    }
    return history::Selector{.kind = history::Selector::Kind::at, .at = TRY(moment_of_text(context, request.at))};
}

}  // namespace

Result<Timestamp> moment_of_text(Context& context, const std::string& text) {
    const Timestamp now = context.host.clock.now();
    return parse_moment(text, now, host::local_to_utc, host::local_offset_s(now));
}

Result<history::Filter> source_filter(Context& context, const std::string& source) {
    history::Filter filter;
    if (source.empty()) return filter;
    filter.source = source;
    filter.path = TRY(canonical_name(context, source));
    return filter;
}

Result<history::Filter> narrowed(history::Filter filter, const NarrowRequest& narrow) {
    if (!narrow.kind.empty()) filter.kinds = {TRY(parse_kind(narrow.kind))};
    filter.operation = narrow.operation;
    filter.tags = narrow.tags;
    return filter;
}

Result<Selection> select(Context& context, const repository::Repository& repository, const SelectionRequest& request) {
    const auto selector = TRY(selector_of(context, repository, request));
    auto choice = TRY(history::select_moment(repository, selector, TRY(narrowed(TRY(source_filter(context, request.source)), request.narrow))));
    Selection selection{.moment = std::move(choice.moment), .warnings = std::move(choice.warnings), .gap_s = 0};
    if (selector.kind == history::Selector::Kind::at) {
        selection.gap_s = (selector.at.nanoseconds - selection.moment.snapshot.time.nanoseconds) / nanoseconds_per_second;
    }
    return selection;
}

}  // namespace holdfast::operations
