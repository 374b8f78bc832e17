#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/own_program.h"
#include "holdfast/operations/schedule_jobs.h"
#include "holdfast/operations/schedule_record.h"

namespace holdfast::operations {

namespace {

Result<std::vector<std::string>> command_of(Context& context, const JobKind& kind, const ScheduleRunRequest& request) {
    std::vector<std::string> words = {TRY(own_program(context))};
    words.insert(words.end(), kind.words.begin(), kind.words.end());
    if (kind.takes_databases) words.insert(words.end(), request.databases.begin(), request.databases.end());
    for (auto& flag : TRY(flags_of(context, request.repository))) words.push_back(std::move(flag));
    words.push_back("--quiet");
    return words;
}

// A child, so that a job that crashes is one that failed, and so that all that the verb does is done as by hand.
Result<void> run_job(Context& context, const std::string& id, const ScheduleRunRequest& request, ScheduleRunReport& report) {
    const auto* kind = TRY(job_kind(request.job));
    const auto lock = TRY(lock_job(context, id, request.job));
    auto stamp = TRY(read_stamp(context, id, request.job)).value_or(JobStamp{.since = context.host.clock.now(), .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}});
    stamp.last_start = context.host.clock.now();
    stamp.last_end.reset();
    stamp.ending.clear();
    const host::ProgramOrder order{.words = TRY(command_of(context, *kind, request)), .environment = {}, .folder = {}, .place = host::ProgramPlace::apart,
                                   .input = host::ProgramInput::empty, .output = host::ProgramOutput::inherited, .take = {}, .time_ms_max = 0,
                                   .grace_ms = 60'000, .stop = context.watch.stop};
    TRY(keep_stamp(context, id, request.job, stamp));
    const auto end = host::run_program(order);
    stamp.last_end = context.host.clock.now();
    stamp.exit_code = end ? end->exit_code() : 127;
    stamp.ending = end ? end->text() : end.error().message();
    TRY(keep_stamp(context, id, request.job, stamp));
    if (!end) return end.error().copy();
    report.ran = true;
    report.exit_code = stamp.exit_code;
    report.ending = stamp.ending;
    report.duration_ms = end->duration_ms;
    return {};
}

// The first time that it is asked nothing can have been missed yet.
Result<std::string> why_not_now(Context& context, const std::string& id, const ScheduleRunRequest& request) {
    const auto* kind = TRY(job_kind(request.job));
    const auto time = TRY(parse_schedule_time(request.missed, kind->hour));
    const Timestamp now = context.host.clock.now();
    const auto stamp = TRY(read_stamp(context, id, request.job));
    if (!stamp) TRY(keep_stamp(context, id, request.job, {.since = now, .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}}));
    return stamp && was_missed(time, *stamp, now, host::TimeZone::local()) ? std::string() : std::string("no run was missed");
}

}  // namespace

Result<ScheduleRunReport> run_scheduled(Context& context, const ScheduleRunRequest& request) {
    ScheduleRunReport report;
    report.job = request.job;
    TRY(job_kind(request.job));
    const std::string id = schedule_id(TRY(context.host.files.canonical(host::working_folder())));
    if (!request.missed.empty()) {
        report.why_not = TRY(why_not_now(context, id, request));
        if (!report.why_not.empty()) return report;
    }
    auto done = run_job(context, id, request, report);
    const bool is_busy = !done && done.error().code() == ErrorCode::busy;
    if (is_busy && !request.missed.empty()) {
        report.why_not = "it is running";
        return report;
    }
    TRY(std::move(done));
    return report;
}

}  // namespace holdfast::operations
