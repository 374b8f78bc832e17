#include "holdfast/operations/smoke_tests.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/http_request.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/run_hook.h"

namespace holdfast::operations {

namespace {

constexpr std::int64_t pause_ms = 250;  // between two attempts

class Trying {
public:
    Trying(Context& context, const LoadedSettings& loaded, const HookFacts& facts) : context_(context), loaded_(loaded), facts_(facts) {}

    SmokeTestResult run(const SmokeTestSettings& test) {
        SmokeTestResult result;
        const host::Stopwatch stopwatch(context_.host.clock);
        const auto limit_ms = static_cast<double>(test.time_limit * 1000);
        for (;;) {
            const auto left_ms = static_cast<std::int64_t>(limit_ms - stopwatch.ms());
            ++result.attempts;
            const auto failure = attempt(test, std::max<std::int64_t>(left_ms, 1));
            result.duration_ms = stopwatch.ms();
            result.passed = !failure;
            result.error = failure ? failure->message() : "";
            const bool is_over = result.duration_ms + pause_ms >= limit_ms || context_.watch.stop.stop_requested();
            if (result.passed || is_over) return result;
            context_.host.clock.sleep_ms(pause_ms);
        }
    }

private:
    std::optional<Error> attempt(const SmokeTestSettings& test, std::int64_t time_ms) {
        if (test.get.empty()) {
            const Hook hook{.command = test.command, .time_limit_ms = time_ms, .folder = loaded_.folder};
            return run_hook({.hook = hook, .event = "smoke_test", .facts = facts_, .outcome = "done", .take_output = context_.errors_are_json, .stop = context_.watch.stop}).failure;
        }
        const auto answer = host::http_request({.url = test.get, .headers = {}, .body = {}, .time_ms_max = time_ms, .stop = context_.watch.stop});
        if (!answer) return answer.error().copy();
        if (std::cmp_not_equal(answer->status, test.status)) return fail(ErrorCode::unavailable, "{} answered {}, and {} is expected", host::place_of_url(test.get), answer->status, test.status);
        if (answer->body.find(test.contains) != std::string::npos) return std::nullopt;
        return fail(ErrorCode::unavailable, "the answer of {} does not hold what is expected", host::place_of_url(test.get));
    }

    Context& context_;
    const LoadedSettings& loaded_;
    const HookFacts& facts_;
};

}  // namespace

std::vector<std::string> smoke_test_names(const LoadedSettings& loaded, const std::string& source) {
    std::vector<std::string> names;
    const auto* settings = loaded.source(source);
    if (settings == nullptr) return names;
    for (const auto& test : settings->smoke_tests) {
        const std::string word = test.get.empty() ? word_for({.command = test.command}) : host::place_of_url(test.get);
        names.push_back(format("smoke_tests {} ({})", names.size() + 1, word));
    }
    return names;
}

std::vector<SmokeTestResult> smoke_tests(Context& context, const LoadedSettings& loaded, const HookFacts& facts) {
    std::vector<SmokeTestResult> results;
    const auto* source = loaded.source(facts.source);
    if (source == nullptr) return results;
    Trying trying(context, loaded, facts);
    const auto names = smoke_test_names(loaded, facts.source);
    for (const auto& test : source->smoke_tests) {
        auto result = trying.run(test);
        result.test = names[results.size()];
        results.push_back(std::move(result));
    }
    return results;
}

}  // namespace holdfast::operations
