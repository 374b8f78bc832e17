#include "holdfast/operations/doubted_source.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/operations/verification.h"

namespace holdfast::operations {

namespace {

using repository::SnapshotNumber;

bool any_is_bad(const repository::NotesRead& notes) {
    return std::ranges::any_of(notes.of, [](const auto& of) { return of.second.verified && !of.second.verified->good; });
}

Result<VerifyReport> verify_deeply(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot) {
    const history::Moment moment{.snapshot = snapshot, .notes = {}};
    Verification verification(context, repository, repository::VerifyLevel::opened);
    TRY(verification.check_bytes({.snapshots = {snapshot.number}, .level = repository::VerifyLevel::hashed}));
    TRY(verification.open(moment));
    TRY(verification.note({&moment, 1}));
    return std::move(verification).take_report();
}

}  // namespace

Result<std::optional<SnapshotNumber>> found_damaged(const repository::Repository& repository,
                                                    const repository::SourceRecord& source, SnapshotNumber before) {
    const auto notes = TRY(repository.notes());
    if (!any_is_bad(notes)) return std::optional<SnapshotNumber>();
    for (auto at = notes.of.rbegin(); at != notes.of.rend(); ++at) {
        const auto& [number, summary] = *at;
        if (number >= before || !summary.verified) continue;
        const auto snapshot = repository.snapshot(number);
        if (!snapshot || snapshot->source.id != source.id) continue;
        return summary.verified->good ? std::nullopt : std::optional(number);
    }
    return std::optional<SnapshotNumber>();
}

Result<std::string> why_in_doubt(const repository::Repository& repository, const repository::SourceRecord& source) {
    const auto bad = TRY(found_damaged(repository, source, {std::numeric_limits<std::uint64_t>::max()}));
    if (bad) return format("verification found #{} of this source damaged", bad->value);
    const auto missing = TRY(repository.missing_packs());
    if (missing.empty()) return std::string();
    return format("the repository lacks {} packs, {} among them", missing.size(), repository::pack_name(missing.front()).text());
}

void verify_if_doubted(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot,
                       BackupReport& report) {
    const auto bad = found_damaged(repository, snapshot.source, snapshot.number);
    if (!bad) {
        report.warnings.push_back(format("whether this source was found damaged before cannot be told: {}", bad.error().message()));
    }
    if (!bad || !*bad) return;
    const std::string why = format("because of #{} this backup was verified, too", (*bad)->value);
    const auto verified = verify_deeply(context, repository, snapshot);
    if (!verified) {
        report.warnings.push_back(format("{}, but could not be: {}; holdfast verify {}", why, verified.error().message(),
                                         snapshot.number.value));
        return;
    }
    report.verified = verified->good ? "good" : "damage found";
    report.warnings.push_back(format("{}: {}", why, verified->good ? "it is good" : "damage was found in it as well"));
    for (const auto& finding : verified->sqlite_findings) report.warnings.push_back(finding);
    for (const auto& object : verified->objects) report.warnings.push_back(object);
    report.damaged = report.damaged || !verified->good;
}

}  // namespace holdfast::operations
