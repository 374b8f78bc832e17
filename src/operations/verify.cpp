#include "holdfast/operations/verify.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/history/sources.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/verification.h"
#include "holdfast/operations/verify_file.h"
#include "holdfast/operations/ways_back.h"

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
    std::shared_ptr<const LoadedSettings> loaded;
    std::vector<std::string> unreadable;
    std::vector<std::string> warnings;
};

Result<Wanted> all_moments(Context& context, const repository::Repository& repository, const VerifyRequest& request) {
    if (!request.snapshot.empty()) {
        return fail(ErrorCode::invalid, "verify which backup: {} is named, and with --all or --for every one is", printable(request.snapshot))
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
    for (const auto* moment : history::newest_first(list.moments)) {
        const bool is_ordinary = repository::is_ordinary(moment->snapshot.kind);
        if (is_ordinary && seen.insert(moment->snapshot.source.id).second) wanted.moments.push_back(*moment);
    }
    std::ranges::sort(wanted.moments, {}, [](const history::Moment& moment) { return moment.snapshot.number; });
    for (const auto& [number, why] : list.damaged) {
        const bool is_newer = wanted.moments.empty() || number > wanted.moments.front().snapshot.number;
        if (is_newer) wanted.unreadable.push_back(why.text());
    }
    return wanted;
}

Result<Wanted> wanted_moments(Context& context, const repository::Repository& repository, const VerifyRequest& request) {
    if (request.all || !request.time_box.empty()) return all_moments(context, repository, request);
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

using Leases = std::vector<std::unique_ptr<repository::Repository::Lease>>;

// With --all they are too many at once: each is leased when it is opened.
Result<Leases> lease_all(const repository::Repository& repository, const VerifyRequest& request, const Wanted& wanted) {
    Leases leases;
    for (const auto& moment : wanted.moments) {
        if (request.all) break;
        auto lease = repository.lease(moment.snapshot.number);
        const bool is_gone = !lease && lease.error().code() == ErrorCode::not_found && request.snapshot.empty();
        if (!is_gone) leases.push_back(TRY(std::move(lease)));
    }
    return leases;
}

Result<VerifyReport> verify_together(Context& context, OpenRepository& opened, const VerifyRequest& request, const Wanted& wanted) {
    const auto level = TRY(parse_level(request.level));
    const auto leases = TRY(lease_all(opened.get(), request, wanted));
    Verification verification(context, opened.get(), level);
    TRY(verification.check_bytes(check_request(request, level, wanted)));
    for (const auto& moment : wanted.moments) {
        TRY(verification.open(moment));
        TRY(verification.look_at_expected(moment, *wanted.loaded));
    }
    TRY(verification.note(wanted.moments));
    return std::move(verification).take_report();
}

// A verification less deep than wanted is none; the newest backup comes first among those that were never verified.
std::optional<Timestamp> verified_at(const history::Moment& moment, VerifyLevel level) {
    const auto& note = moment.notes.verified;
    if (!note || note->value < static_cast<std::uint64_t>(level)) return std::nullopt;
    return note->time;
}

void add_to(VerifyReport& report, VerifyReport one) {
    report.good = report.good && one.good;
    report.bytes_read += one.bytes_read;
    report.chunks_checked += one.chunks_checked;
    const auto append = [](auto& to, auto& from) { std::ranges::move(from, std::back_inserter(to)); };
    append(report.verified, one.verified);
    append(report.damage, one.damage);
    append(report.expected, one.expected);
    report.unmet = report.unmet || one.unmet;
    append(report.objects, one.objects);
    append(report.sqlite_findings, one.sqlite_findings);
    append(report.warnings, one.warnings);
}

// One after another, each with its verdict noted, so that the next run goes on where this one ended.
Result<VerifyReport> verify_for(Context& context, OpenRepository& opened, const VerifyRequest& request, Wanted& wanted) {
    const host::Stopwatch stopwatch(context.host.clock);
    const auto level = TRY(parse_level(request.level));
    const double time_ms_max = static_cast<double>(TRY(parse_duration_s(request.time_box))) * 1000;
    std::erase_if(wanted.moments, [](const history::Moment& moment) { return moment.notes.forgotten; });
    std::ranges::reverse(wanted.moments);
    const auto when = [&](const history::Moment& moment) { return verified_at(moment, level).value_or(Timestamp{}); };
    std::ranges::stable_sort(wanted.moments, {}, when);
    VerifyReport report;
    std::size_t next = 0;
    for (; next < wanted.moments.size() && (next == 0 || stopwatch.ms() < time_ms_max); ++next) {
        Wanted one;
        one.loaded = wanted.loaded;
        one.moments.push_back(wanted.moments[next]);
        add_to(report, TRY(verify_together(context, opened, request, one)));
    }
    report.left = wanted.moments.size() - next;
    if (next < wanted.moments.size()) report.longest_unverified = verified_at(wanted.moments[next], level);
    return report;
}

}  // namespace

Result<VerifyReport> verify(Context& context, const VerifyRequest& request) {
    if (TRY(means_a_file(context, request.snapshot))) return verify_file(context, request);
    const host::Stopwatch stopwatch(context.host.clock);
    TRY(parse_level(request.level));
    const auto opened = TRY(open_repository(context, request.repository, {}));
    auto wanted = TRY(wanted_moments(context, opened->get(), request));
    wanted.loaded = std::make_shared<const LoadedSettings>(TRY(settings_if_good(context, request.repository)));
    if (wanted.moments.empty() && wanted.unreadable.empty()) {
        return fail(ErrorCode::not_found, "verify: there is no backup in {} yet", printable(opened->path())).with_advice("holdfast backup DATABASE");
    }
    auto report = TRY(request.time_box.empty() ? verify_together(context, *opened, request, wanted) : verify_for(context, *opened, request, wanted));
    report.level = request.level;
    report.warnings.insert(report.warnings.begin(), wanted.warnings.begin(), wanted.warnings.end());
    for (const auto& why : wanted.unreadable) {
        if (std::ranges::find(report.objects, why) == report.objects.end()) report.objects.push_back(why);
    }
    report.good = report.good && wanted.unreadable.empty();
    if (!report.good) report.ways_back = TRY(ways_back_from(opened->get(), report.verified));
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
