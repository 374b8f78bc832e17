#include "holdfast/operations/backup.h"

#include "holdfast/host/clock.h"
#include "holdfast/operations/backup_in_steps.h"
#include "holdfast/operations/rehearse_backup.h"
#include "holdfast/operations/source_of_databases.h"
#include "holdfast/operations/target_database.h"

namespace holdfast::operations {

std::vector<std::string> lacks_in_words(const BackupReport& report) {
    std::vector<std::string> lacks;
    for (const auto& companion : report.companions) {
        if (!companion.error.empty()) lacks.push_back(format("backup #{} lacks {}: {}", report.number, printable(companion.path), companion.error));
        else if (!companion.failed.empty()) lacks.push_back(format("backup #{} lacks {} of the files in {}; the first: {}", report.number, companion.failed.size(), printable(companion.path), companion.failed.front()));
    }
    return lacks;
}

Result<BackupReport> backup(Context& outer, const BackupRequest& given) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(given.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    const BackupRequest request = TRY(with_source_settings(context, given));
    if (request.dry_run) return rehearse_backup(context, request);
    BackupInSteps steps(context, request, Priority::low);
    auto done = steps.begin();
    if (done) done = steps.record(BackupInSteps::Source::as_begun);
    if (!done) {
        steps.give_up(done.error());
        return std::move(done).error();
    }
    steps.end();
    auto report = std::move(steps.report());
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
