#include "holdfast/operations/quiesce.h"

#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/run_hook.h"

namespace holdfast::operations {

Quiesce::Quiesce(Context& context, const std::optional<QuiesceHooks>& hooks, HookFacts facts) : context_(context), hooks_(hooks), facts_(std::move(facts)) {
    is_left_out_ = !hooks || is_run_by_hook();
    if (hooks && is_left_out_) warnings.push_back("the application was not paused: this is run by a hook itself");
}

const HookRun& Quiesce::run(const Hook& hook, std::string_view event, std::stop_token stop) {
    HookRun done;
    done.event = event;
    done.hook = format("{} ({})", event, word_for(hook));
    const host::Stopwatch stopwatch(context_.host.clock);
    auto result = run_hook({.hook = hook, .event = event, .facts = facts_, .take_output = context_.errors_are_json, .stop = std::move(stop)});
    done.duration_ms = stopwatch.ms();
    done.status = result.status;
    done.output = std::move(result.output);
    done.failed = result.failure.has_value();
    if (result.failure) done.error = result.failure->message();
    runs.push_back(std::move(done));
    return runs.back();
}

Result<void> Quiesce::pause() {
    if (is_left_out_) return {};
    may_be_paused_ = true;
    const auto& done = run(hooks_->pause, "pause", context_.watch.stop);
    TRY(context_.watch.go_on());
    if (!done.failed) return {};
    if (hooks_->pause.stop_on_failure) {
        return fail(ErrorCode::unavailable, "have the application pause: {}: {}", done.hook, done.error).with_advice("mend it, or back up without a pause (on_failure = \"warn\")");
    }
    warnings.push_back(format("the application was not paused: {}: {}", done.hook, done.error));
    return {};
}

// Within its own time limit, and whoever has asked to stop: what pauses would stay so.
void Quiesce::resume() {
    if (!std::exchange(may_be_paused_, false)) return;
    const auto& done = run(hooks_->resume, "resume", {});
    if (!done.failed) return;
    is_released = !hooks_->resume.stop_on_failure;
    warnings.push_back(format("the application may still pause: {}: {}", done.hook, done.error));
}

// The backup has failed, and no report will tell.
Quiesce::~Quiesce() {
    if (!may_be_paused_) return;
    warnings.clear();
    resume();
    for (const auto& warning : warnings) context_.host.log.warning("{}", warning);
}

}  // namespace holdfast::operations
