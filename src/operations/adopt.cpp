#include "holdfast/operations/adopt.h"

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/adoption.h"

namespace holdfast::operations {

namespace {

OpenHow how_to_open(const AdoptRequest& request, const std::string& database) {
    OpenHow how{.databases = {}, .create_default = !request.dry_run, .low_priority = true};
    if (!database.empty()) how.databases.push_back(database);
    else how.create_default = false;
    return how;
}

}  // namespace

Result<AdoptReport> adopt(Context& context, const AdoptRequest& request) {
    const host::Stopwatch stopwatch(context.host.clock);
    const std::string database = request.database.empty() ? "" : TRY(host::canonical_or_future(context.host.files, request.database));
    const auto found = TRY(adoptable_files(context, request.files, database));
    if (found.files.empty()) {
        return fail(ErrorCode::not_found, "adopt: there is no backup among {} files", found.passed_over)
            .with_advice("plain copies of SQLite databases, .gz, .zst, .tar, .gpg and .age are taken, by what is in them");
    }
    const auto opened = TRY(open_repository(context, request.repository, how_to_open(request, database)));
    Adoption adoption(context, *opened, request, TRY(whose_past(context, *opened, request, found.files.front().path)));
    TRY(adoption.begin());
    for (const auto& file : found.files) {
        TRY(context.watch.go_on());
        auto taken = adoption.take(file);
        if (!taken) return std::move(taken).error().with_advice("what was adopted before stays; run it again and it goes on");
    }
    const bool is_alone = found.files.size() == 1 && adoption.first_refusal();
    if (is_alone) {
        const auto& why = *adoption.first_refusal();
        return why.copy().while_doing("adopt");
    }
    auto report = std::move(adoption).take_report();
    report.passed_over += found.passed_over;
    report.warnings.insert(report.warnings.begin(), found.warnings.begin(), found.warnings.end());
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
