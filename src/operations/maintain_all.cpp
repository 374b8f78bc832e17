#include "holdfast/base/text.h"
#include "holdfast/operations/cleanup_rules.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/outcome.h"
#include "holdfast/operations/target_database.h"

namespace holdfast::operations {

namespace {

class Steps {
public:
    Steps(Context& context, const MaintainAllRequest& request, MaintainAllReport& report)
        : context_(context), request_(request), report_(report), target_{{.database = report.database, .application_id = request.application_id}} {
        before_ = request.before;
        before_.on_behalf = "maintain all";
        backed_up_ = before_;  // what writes after the first backup leans on that one
        backed_up_.no_backup = true;
        backed_up_.yes = true;
    }

    // False: it failed, and what comes after it is left out.
    bool backup() {
        if (request_.before.no_backup) return true;
        return step("backup", back_up_before(context_, before_, report_.database, {.operation = "maintain all", .what = {}}), report_.before);
    }
    bool cleanup() {
        const auto rules = cleanup_rules(context_, {.said = request_.rules, .settings = before_.repository.settings, .database = report_.database});
        if (!rules) return failed("cleanup", rules.error());
        if (rules->empty()) return true;
        // Others may have written since the backup: a cleanup has one of its own, made under its lock, unless nothing has changed.
        auto before = before_;
        before.yes = before.yes || before.no_backup;
        return step("cleanup", maintain_cleanup(context_, {.target = target_, .rules = request_.rules, .before = before}), report_.cleanup);
    }
    bool vacuum() {
        return step("vacuum", maintain_vacuum(context_, {.target = target_, .by_way_of = request_.by_way_of, .before = backed_up_}), report_.vacuum);
    }
    bool analyze() { return step("analyze", maintain_analyze(context_, {.target = target_, .before = backed_up_}), report_.analyze); }
    bool check() {
        const MaintainCheckRequest check{.target = target_, .repository = request_.before.repository, .wait_s = request_.before.wait_s};
        if (!step("check", maintain_check(context_, check), report_.check)) return false;
        if (!report_.check->damaged) return true;
        report_.done.pop_back();
        return failed("check", fail(ErrorCode::corrupt, "the database is damaged").with_advice("the ways on are named with the check"));
    }
    bool stats() { return step("stats", maintain_stats(context_, {.target = target_, .wait_s = request_.before.wait_s}), report_.stats); }

private:
    bool failed(const std::string& name, const Error& error) {
        report_.failed_step = name;
        report_.failure = error.message();
        report_.advice = error.advice();
        report_.exit_code = exit_code_of(error.code());
        return false;
    }
    template <typename T, typename Place>
    bool step(const std::string& name, Result<T> result, Place& place) {
        if (!result) return failed(name, result.error());
        place = std::move(*result);
        report_.done.push_back(name);
        return true;
    }

    Context& context_;
    const MaintainAllRequest& request_;
    MaintainAllReport& report_;
    const OneOrAllRequest target_;
    BeforeWriteRequest before_, backed_up_;
};

}  // namespace

Result<MaintainAllReport> maintain_all(Context& outer, const MaintainAllRequest& request) {
    Context context = outer;
    context.lock_wait_ms = lock_wait_ms(request.before.wait_s);
    MaintainAllReport report;
    if (request.databases.size() != 1) return fail(ErrorCode::invalid, "maintain all: {} databases are named, and each is maintained by itself", request.databases.size());
    report.database = TRY(target_database(context, {.database = request.databases.front(), .application_id = request.application_id}));
    TRY(expect_meant(context, request.before, report.database));
    Steps steps(context, request, report);
    steps.backup() && steps.cleanup() && steps.vacuum() && steps.analyze() && steps.check() && steps.stats();
    return report;
}

int exit_code_of(const MaintainCheckReport& report) {
    if (report.damaged) return exit_code_of(ErrorCode::corrupt);
    return report.references.empty() && report.integrity == "ok" ? 0 : exit_code_partial;
}

int exit_code_of(const MaintainCleanupReport& report) { return report.before.incomplete ? exit_code_partial : 0; }
int exit_code_of(const MaintainVacuumReport& report) { return report.before.incomplete ? exit_code_partial : 0; }
int exit_code_of(const MaintainAnalyzeReport& report) { return report.before.incomplete ? exit_code_partial : 0; }

int exit_code_of(const MaintainAllReport& report) {
    if (report.exit_code != 0) return report.exit_code;
    const int of_check = report.check ? exit_code_of(*report.check) : 0;
    const bool is_incomplete = report.before.incomplete || (report.cleanup && report.cleanup->before.incomplete);
    return of_check == 0 && is_incomplete ? exit_code_partial : of_check;
}

}  // namespace holdfast::operations
