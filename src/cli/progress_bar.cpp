#include "holdfast/cli/progress_bar.h"

#include <cstdio>
#include <mutex>

#include "holdfast/base/json.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/console.h"

namespace holdfast::cli {

struct ProgressBar::State {
    ProgressStyle style;
    std::mutex mutex;
    std::string phase;
    std::int64_t phase_began_ns = 0;
    std::int64_t shown_ns = 0;
    bool on_screen = false;

    static std::int64_t now_ns() { return host::system_clock().monotonic_ns(); }

    void write(const std::string& text) const {
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
    }

    std::string bar(const ProgressStep& step, double seconds) const {
        const bool bytes = step.unit == "bytes";
        const auto amount = [&](std::uint64_t n) { return bytes ? human_bytes(n) : format("{} {}", n, step.unit); };
        const double rate = seconds > 0 ? static_cast<double>(step.done) / seconds : 0;
        std::string text = format("{:<10} {}", step.phase, amount(step.done));
        if (step.total > 0) {
            const double part = std::min(1.0, static_cast<double>(step.done) / static_cast<double>(step.total));
            text += format(" of {}  {:3.0f} %", amount(step.total), part * 100);
            if (rate > 0 && step.total >= step.done)
                text += format("  {} left", human_duration_ms(static_cast<double>(step.total - step.done) / rate * 1000));
        }
        if (bytes && rate > 0) text += format("  {}/s", human_bytes(static_cast<std::uint64_t>(rate)));
        return text.substr(0, static_cast<std::size_t>(host::terminal_width() - 1));
    }

    std::string json(const ProgressStep& step, double seconds) const {
        Json line;
        line.set("progress", step.phase).set("done", step.done).set("total", step.total).set("unit", step.unit).set("seconds", seconds);
        return line.to_text() + "\n";
    }
};

ProgressBar::ProgressBar(ProgressStyle style) : state_(std::make_unique<State>()) { state_->style = style; }
ProgressBar::~ProgressBar() { finish(); }

void ProgressBar::at(const ProgressStep& step) {
    if (state_->style == ProgressStyle::none) return;
    const std::lock_guard lock(state_->mutex);
    const std::int64_t now = State::now_ns();
    if (step.phase != state_->phase) {
        state_->phase = step.phase;
        state_->phase_began_ns = now;
    }
    constexpr std::int64_t pause_ns = 100'000'000;
    const bool last = step.total > 0 && step.done == step.total;
    if (!last && now - state_->shown_ns < pause_ns) return;
    state_->shown_ns = now;
    const double seconds = static_cast<double>(now - state_->phase_began_ns) / 1e9;
    if (state_->style == ProgressStyle::json_lines) return state_->write(state_->json(step, seconds));
    state_->write("\r\033[K" + state_->bar(step, seconds));
    state_->on_screen = true;
}

void ProgressBar::finish() {
    const std::lock_guard lock(state_->mutex);
    if (state_->on_screen) state_->write("\r\033[K");
    state_->on_screen = false;
}

}  // namespace holdfast::cli
