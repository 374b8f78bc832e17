#include "holdfast/operations/verify_file.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/history/selector.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/outside_backup.h"

namespace holdfast::operations {

namespace {

Result<VerifiedFile> verify_database(Context& context, const OutsideBackup& backup, const OutsideDatabase& database) {
    VerifiedFile told;
    const auto& image = database.image();
    told.file = backup.path;
    told.database = database.name;
    told.layers = database.layers;
    told.time = database.time.time;
    told.time_from = database.time.from;
    told.proven_by = backup.proven_by;
    told.bytes = image.size();
    told.sha256 = TRY(sqlite::plain_sha256(image)).hex();
    const auto outcome = TRY(check_image(image, context.watch));
    told.check = name_of(outcome.verdict);
    told.findings = outcome.findings;
    return told;
}

}  // namespace

Result<bool> means_a_file(Context& context, const std::string& word) {
    if (word.empty() || history::parse_selector(word)) return false;
    const auto status = TRY(host::status_if_any(context.host.files, word));
    return status && status->kind == host::FileKind::regular;
}

Result<VerifyReport> verify_file(Context& context, const VerifyRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    if (request.all || !request.time_box.empty() || !request.source.empty()) {
        return fail(ErrorCode::invalid, "verify {}: it is a file, and --all, --for and --source speak of a repository", printable(request.snapshot))
            .with_advice("the file alone");
    }
    VerifyReport report;
    report.level = "opened";
    auto backup = TRY(open_outside(context, request.snapshot, request.outside, {.companions = bundle::CompanionFiles::hashed, .known = nullptr}));
    for (const auto& database : backup.databases) {
        auto told = TRY(verify_database(context, backup, database));
        report.good = report.good && told.check != "damaged";
        report.bytes_read += told.bytes;
        for (const auto& finding : told.findings) report.sqlite_findings.push_back(format("{}: {}", printable(told.database), finding));
        report.files.push_back(std::move(told));
    }
    for (const auto& companion : backup.companions) {
        const auto count = std::ranges::count_if(companion.to_keep.things, [](const auto& thing) { return thing.entry.type == repository::EntryType::file; });
        report.companions.push_back({.path = companion.to_keep.name, .files = static_cast<std::uint64_t>(count), .bytes = companion.bytes});
        report.bytes_read += companion.bytes;
    }
    TRY(expect_unchanged(backup));
    report.warnings = backup.warnings;
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
