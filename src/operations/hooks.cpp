#include "holdfast/operations/hooks.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/run_hook.h"

namespace holdfast::operations {

struct HooksAround::Moment {
    std::string_view event;
    const HookFacts& facts;
    std::string_view outcome = "";
    const Error* failure = nullptr;
    std::size_t place = 0;  // of the hook in its list, from 1
    std::stop_token stop = {};
};

namespace {

std::string name_of(const Hook& hook, std::string_view event, std::size_t place) {
    return format("{} {} ({})", event, place, word_for(hook));
}

std::string_view before(HookedVerb verb) { return verb == HookedVerb::backup ? "before_backup" : "before_restore"; }
std::string_view after(HookedVerb verb) { return verb == HookedVerb::backup ? "after_backup" : "after_restore"; }

}  // namespace

HooksAround::HooksAround(Context& context, const Hooks& hooks, HookedVerb verb) : context_(context), hooks_(hooks), verb_(verb) {
    const bool any = !(verb == HookedVerb::backup ? hooks.before_backup.empty() && hooks.after_backup.empty()
                                                  : hooks.before_restore.empty() && hooks.after_restore.empty()) ||
                     !hooks.on_failure.empty();
    left_out_ = any && is_run_by_hook();
    if (left_out_) warnings.push_back("the hooks of the settings were left out: this is run by a hook itself");
}

const HookRun& HooksAround::run(const Hook& hook, const Moment& moment) {
    HookRun done;
    done.event = moment.event;
    done.hook = name_of(hook, moment.event, moment.place);
    const host::Stopwatch watch(context_.host.clock);
    HookOrder order{.hook = hook, .event = moment.event, .facts = moment.facts, .outcome = moment.outcome};
    if (moment.failure) order.error = moment.failure->message();
    order.take_output = context_.errors_are_json;
    order.stop = moment.stop;
    auto result = run_hook(order);
    done.duration_ms = watch.ms();
    done.status = result.status;
    done.output = std::move(result.output);
    if (result.failure) {
        done.failed = true;
        done.error = result.failure->message();
        const std::string warning = format("the hook {}: {}", done.hook, done.error);
        if (moment.outcome == "done" || moment.outcome.empty()) warnings.push_back(warning);
        else context_.host.log.warning("{}", warning);  // no report will tell: the operation has failed
    }
    runs.push_back(std::move(done));
    return runs.back();
}

bool HooksAround::can_stop_something() const {
    return !left_out_ && !(verb_ == HookedVerb::backup ? hooks_.before_backup : hooks_.before_restore).empty();
}

Result<void> HooksAround::begin(const HookFacts& facts) {
    has_begun_ = true;
    if (left_out_) return {};
    Moment moment{.event = before(verb_), .facts = facts, .stop = context_.watch.stop};
    for (const auto& hook : verb_ == HookedVerb::backup ? hooks_.before_backup : hooks_.before_restore) {
        ++moment.place;
        has_changed_something_ = has_changed_something_ || !hook.command.empty();
        const auto& done = run(hook, moment);
        const bool is_stopped = context_.watch.stop.stop_requested();
        if (!is_stopped && (!done.failed || !hook.stop_on_failure)) continue;
        if (is_stopped) return fail(ErrorCode::cancelled, "stopped on request, at the hook {}", done.hook);
        return fail(ErrorCode::unavailable, "the hook {}: {}; nothing else was done", done.hook, done.error)
            .with_advice("mend the hook, or let it only warn (on_failure = \"warn\")");
    }
    return {};
}

std::string HooksAround::run_after(Moment moment) {
    std::string why;
    for (const auto& hook : verb_ == HookedVerb::backup ? hooks_.after_backup : hooks_.after_restore) {
        ++moment.place;
        if (moment.failure && (hook.command.empty() || !has_changed_something_)) continue;
        const auto& done = run(hook, moment);
        if (!done.failed || !hook.stop_on_failure) continue;
        is_complete = false;
        why = format("it was done, but the hook {}: {}", done.hook, done.error);
    }
    return why;
}

void HooksAround::leave(const HookFacts& facts) {
    const Error why(ErrorCode::cancelled, "what the backup was to be made before does not take place");
    if (has_begun_ && !left_out_) run_after({.event = after(verb_), .facts = facts, .outcome = "failed", .failure = &why});
}

void HooksAround::finish(const HookFacts& facts, const Error* failure) {
    const bool is_refused = failure && failure->code() == ErrorCode::cancelled && !has_begun_;
    if (left_out_ || is_refused) return;
    const std::string_view outcome = failure ? "failed" : "done";
    const Error incomplete(ErrorCode::unavailable, run_after({.event = after(verb_), .facts = facts, .outcome = outcome, .failure = failure}));
    if (!failure && is_complete) return;
    Moment moment{.event = "on_failure", .facts = facts, .outcome = outcome, .failure = failure ? failure : &incomplete};
    for (const auto& hook : hooks_.on_failure) {
        ++moment.place;
        run(hook, moment);
    }
}

}  // namespace holdfast::operations
