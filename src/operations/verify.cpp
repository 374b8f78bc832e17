#include "holdfast/operations/verify.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/verification.h"

namespace holdfast::operations {

namespace {

using repository::VerifyLevel;

Result<VerifyLevel> parse_level(const std::string& text) {
    if (text == "listed") return VerifyLevel::listed;
    if (text == "hashed") return VerifyLevel::hashed;
    if (text == "opened") return VerifyLevel::opened;
    return fail(ErrorCode::invalid, "verify at level '{}': there are listed, hashed and opened", printable(text))
        .with_advice("--level opened");
}

// What is to be verified; and what cannot even be read.
struct Wanted {
    std::vector<history::Moment> moments;
    std::vector<std::string> unreadable;
    std::vector<std::string> warnings;
};

Result<Wanted> all_moments(Context& context, const repository::Repository& repository, const VerifyRequest& request) {
    if (!request.snapshot.empty()) {
        return fail(ErrorCode::invalid, "verify which backup: both {} and --all are given", printable(request.snapshot))
            .with_advice("one of them; without either the newest of each source is verified");
    }
    auto filter = TRY(source_filter(context, request.source));
    filter.with_forgotten = true;
    auto list = TRY(history::list_moments(repository, filter));
    if (list.moments.empty() && !filter.is_any()) {
        return history::no_such_source(repository, filter);
    }
    Wanted wanted;
    wanted.moments = std::move(list.moments);
    for (const auto& [number, why] : list.damaged) wanted.unreadable.push_back(why.text());
    for (const auto& why : list.note_damage) wanted.unreadable.push_back(why.text());
    return wanted;
}

// The newest backup of every source, whatever is known of it: what was found damaged once is not passed over in silence.
Result<Wanted> newest_moments(Context& context, const repository::Repository& repository, const VerifyRequest& request) {
    const auto filter = TRY(source_filter(context, request.source));
    auto list = TRY(history::list_moments(repository, filter));
    if (list.moments.empty() && list.damaged.empty() && !filter.is_any()) return history::no_such_source(repository, filter);
    Wanted wanted;
    std::set<std::array<std::byte, 16>> seen;
    for (auto at = list.moments.rbegin(); at != list.moments.rend(); ++at) {
        const bool is_ordinary = repository::is_ordinary(at->snapshot.kind);
        if (is_ordinary && seen.insert(at->snapshot.source.id).second) wanted.moments.push_back(std::move(*at));
    }
    std::ranges::reverse(wanted.moments);
    for (const auto& [number, why] : list.damaged) {
        const bool is_newer = wanted.moments.empty() || number > wanted.moments.front().snapshot.number;
        if (is_newer) wanted.unreadable.push_back(why.text());
    }
    return wanted;
}

Result<Wanted> wanted_moments(Context& context, const repository::Repository& repository, const VerifyRequest& request) {
    if (request.all) return all_moments(context, repository, request);
    if (request.snapshot.empty()) return newest_moments(context, repository, request);
    auto selection = TRY(select(context, repository, {.snapshot = request.snapshot, .at = {}, .source = request.source}));
    Wanted wanted;
    wanted.moments.push_back(std::move(selection.moment));
    wanted.warnings = std::move(selection.warnings);
    return wanted;
}

repository::CheckRequest check_request(const VerifyRequest& request, VerifyLevel level, const Wanted& wanted) {
    repository::CheckRequest check;
    check.level = std::min(level, VerifyLevel::hashed);
    const bool is_everything = request.all && request.source.empty();
    if (is_everything) return check;
    for (const auto& moment : wanted.moments) check.snapshots.push_back(moment.snapshot.number);
    check.may_be_gone = request.snapshot.empty();
    return check;
}

}  // namespace

Result<VerifyReport> verify(Context& context, const VerifyRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const auto level = TRY(parse_level(request.level));
    const auto opened = TRY(open_repository(context, request.repository, {}));
    const auto wanted = TRY(wanted_moments(context, opened->get(), request));
    std::vector<std::unique_ptr<repository::Repository::Lease>> leases;
    for (const auto& moment : wanted.moments) {
        if (request.all) break;  // too many at once: each when it is opened
        auto lease = opened->get().lease(moment.snapshot.number);
        const bool is_gone = !lease && lease.error().code() == ErrorCode::not_found && request.snapshot.empty();
        if (!is_gone) leases.push_back(TRY(std::move(lease)));
    }
    if (wanted.moments.empty() && wanted.unreadable.empty()) {
        return fail(ErrorCode::not_found, "verify: there is no backup in {} yet", printable(opened->path())).with_advice("holdfast backup DATABASE");
    }

    Verification verification(context, opened->get(), level);
    TRY(verification.check_bytes(check_request(request, level, wanted)));
    for (const auto& moment : wanted.moments) TRY(verification.open(moment));
    TRY(verification.note(wanted.moments));

    VerifyReport report = std::move(verification).take_report();
    report.level = request.level;
    report.warnings.insert(report.warnings.begin(), wanted.warnings.begin(), wanted.warnings.end());
    for (const auto& why : wanted.unreadable) {
        if (std::ranges::find(report.objects, why) == report.objects.end()) report.objects.push_back(why);
    }
    report.good = report.good && wanted.unreadable.empty();
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
