#include "holdfast/operations/restore_rehearsal.h"

#include "holdfast/operations/restore_proof.h"
#include "holdfast/operations/safety_backup.h"

namespace holdfast::operations {

namespace {

using live::Route;

Result<void> prove(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request) {
    if (plan.is_in_place) return prove_before(context, opened, plan, request);
    if (!plan.is_outside) TRY(expect_proven(context, opened, plan.number));
    return check_after(context, opened, plan, request);
}

}  // namespace

Result<void> rehearse(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request) {
    TRY(prove(context, opened, plan, request));
    for (auto& member : plan.members) {
        if (!member.image) continue;
        if (member.route.route == Route::transaction) {
            TRY(live::expect_unblocked(context.host, member.route, place_options(context, request), context.watch));
        } else {
            member.report.moved_aside = TRY(live::names_aside(context.host, member.route));
        }
    }
    return {};
}

std::string safety_place(Context& context, const OpenRepository& opened, const RestorePlan& plan) {
    if (!plan.needs_safety_backup()) return "";
    if (context.host.files.expect_writable(opened.path())) return opened.path();
    return safety_repository_beside(plan);
}

}  // namespace holdfast::operations
