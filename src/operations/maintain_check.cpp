#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/live/references.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/operations/unfinished_restore.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::operations {

namespace {

using Verdict = sqlite::CheckOutcome::Verdict;

Result<void> check_references(const sqlite::Image& image, const Watch& watch, MaintainCheckReport& report) {
    if (image.last_page().value == 0) return {};
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    auto broken = live::broken_references(connection, watch);
    if (!broken && broken.error().code() == ErrorCode::cancelled) return std::move(broken).error();
    if (!broken) report.references_note = broken.error().message();
    else for (auto& one : *broken) report.references.push_back({std::move(one.table), std::move(one.parent), one.rows});
    return {};
}

Result<void> check_frozen(const sqlite::Image& image, const Watch& watch, MaintainCheckReport& report) {
    const auto outcome = TRY(check_image(image, watch));
    report.integrity = name_of(outcome.verdict);
    report.findings = outcome.findings;
    report.damaged = outcome.verdict == Verdict::damaged;
    return check_references(image, watch, report);
}

// The newest backup that passed a check, where there is one.
std::optional<WayOn> restore_of_last_good(Context& context, const RepositoryRequest& repository, const std::string& database) {
    const auto opened = open_repository(context, repository, {.databases = {database}});
    if (!opened) return std::nullopt;
    for (const char* which : {"last-good", "latest"}) {
        const auto found = select(context, (*opened)->get(), {.snapshot = which, .at = {}, .source = database});
        if (!found) continue;
        const auto number = found->moment.snapshot.number.value;
        const bool is_proven = std::string_view(which) == "last-good";
        return WayOn{format("restore {}, of {}; the damaged file is kept as a backup first", is_proven ? "the newest backup that passed SQLite's check" : "the newest backup, which was not checked yet",
                            to_rfc3339(found->moment.snapshot.time)),
                     restore_command(repository, {.number = number, .repository = (*opened)->path()})};
    }
    return std::nullopt;
}

// The order of the runbooks: a backup, what can be salvaged, an empty start. Nothing is deleted by any of them.
std::vector<WayOn> ways_on(Context& context, const RepositoryRequest& repository, const std::string& database) {
    std::vector<WayOn> ways;
    if (auto restore = restore_of_last_good(context, repository, database)) ways.push_back(std::move(*restore));
    const std::string salvaged = shell_word(database + ".salvaged");
    // Not .recover: the distribution's sqlite3 has it and cannot do it, and would leave an empty file without a complaint.
    ways.push_back({"salvage the rows that can still be read into a new file, and look at it before you use it",
                    format("sqlite3 {} .dump | sed '$s/^ROLLBACK.*/COMMIT;/' | sqlite3 {}", shell_word(database), salvaged)});
    ways.push_back({"start fresh: stop the application, move the file with its -wal, -shm and -journal aside, and let the application make a new one",
                    format("mv {} {}", shell_word(database), shell_word(database + ".damaged"))});
    return ways;
}

}  // namespace

Result<MaintainCheckReport> maintain_check(Context& outer, const MaintainCheckRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.wait_s);
    const host::Stopwatch stopwatch(context.host.clock);
    MaintainCheckReport report;
    report.database = TRY(canonical_database(context, request.target.database));
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) {
        report.findings.clear();
        report.references.clear();
        return check_frozen(image, context.watch, report);
    };
    auto target = target_database(context, request.target);
    if (!target && target.error().code() != ErrorCode::corrupt) return std::move(target).error();
    auto checked = target ? live::with_frozen(context.host, report.database, freeze_options(context), {.first_look = {}, .use = use})
                          : Result<live::FrozenOnce>(std::move(target).error());
    if (!checked && checked.error().code() != ErrorCode::corrupt) return std::move(checked).error();
    if (!checked) {
        report.integrity = name_of(Verdict::damaged);
        report.damaged = true;
        report.findings = {checked.error().message()};
    }
    report.warnings = told_unfinished(context, request.repository, report.database);
    if (report.damaged) report.ways_on = ways_on(context, request.repository, report.database);
    report.duration_ms = stopwatch.ms();
    return report;
}

}  // namespace holdfast::operations
