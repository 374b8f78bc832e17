// Quiesce: an application that pauses while one moment is captured, and is let go on whatever becomes of the backup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/operations/hooks.h"

namespace holdfast::operations {

// Once pause() has begun, the other one is run exactly once: by resume(), or when this ends, also after a failure or a stop
// on request. Nobody can do it for a process that is killed (SIGKILL) or for a machine without power: an application goes on
// by itself after a time.
class Quiesce {
public:
    // Without hooks, or when this program is itself run by one, nothing is done. The context and the hooks outlive this.
    Quiesce(Context& context, const std::optional<QuiesceHooks>& hooks, HookFacts facts);
    Quiesce(const Quiesce&) = delete;
    Quiesce& operator=(const Quiesce&) = delete;
    ~Quiesce();

    // `unavailable`: it does not pause, and that is not only to warn; `cancelled`.
    Result<void> pause();
    void resume();

    std::vector<HookRun> runs;
    std::vector<std::string> warnings;
    bool is_released = true;  // false: resume() failed, and that is not only to warn

private:
    const HookRun& run(const Hook& hook, std::string_view event, std::stop_token stop);

    Context& context_;
    const std::optional<QuiesceHooks>& hooks_;
    HookFacts facts_;
    bool is_left_out_ = false;
    bool may_be_paused_ = false;
};

}  // namespace holdfast::operations
