#include "holdfast/operations/carry_out_restore.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/go_back.h"
#include "holdfast/operations/restore_preview.h"
#include "holdfast/operations/restore_proof.h"
#include "holdfast/operations/restore_rehearsal.h"
#include "holdfast/operations/restore_write.h"

namespace holdfast::operations {

Result<void> expect_agreement(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request, Timestamp moment) {
    const bool is_asked = plan.is_in_place && context.person != nullptr && !request.yes && !request.dry_run;
    if (!is_asked && !request.dry_run) return {};
    TRY(preview(context, opened, plan));
    if (!is_asked || TRY(context.person->agrees(question_of(plan, moment)))) return {};
    return fail(ErrorCode::cancelled, "restore {}: the answer was no; nothing was changed", plan.of);
}

// Files that are put where nothing is have no state before that undo could go back to.
void tell_of_nothing_before(const RestorePlan& plan, const RestoreRequest& request, RestoreReport& report) {
    if (!plan.is_in_place || plan.companions.empty() || plan.needs_safety_backup()) return;
    report.warnings.push_back(format("nothing {} there that it {}: there is no backup of the state before, and holdfast undo {} this back", request.dry_run ? "is" : "was", request.dry_run ? "would replace" : "replaced",
                                     request.dry_run ? "would not take" : "does not take"));
}

Result<void> carry_out(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request, RestoreReport& report) {
    if (request.dry_run) {
        report.safety_repository = safety_place(context, opened, plan);
        tell_of_nothing_before(plan, request, report);
        for (const auto& companion : plan.companions) {
            for (const auto& folder : companion.place.staying) report.warnings.push_back(why_it_stays(host::join_path(companion.report.to, folder)));
        }
        return rehearse(context, opened, plan, request);
    }
    if (plan.is_in_place) {
        TRY(prove_before(context, opened, plan, request));
        auto safety = TRY(replace_in_place(context, opened, plan, request));
        report.safety_number = safety.number;
        report.safety_repository = safety.repository;
        report.safety_is_raw = safety.is_raw;
        if (safety.number != 0) {
            report.go_back = restore_command(request_for(request.repository, opened, safety.repository),
                                             {.number = safety.number, .repository = safety.repository, .is_exact = plan.takes_exact_to_go_back(), .is_raw = safety.is_raw});
        }
        std::ranges::move(safety.warnings, std::back_inserter(report.warnings));
        tell_of_nothing_before(plan, request, report);
        return {};
    }
    TRY(write_new_files(context, opened, plan, request));
    return check_after(context, opened, plan, request);
}

}  // namespace holdfast::operations
