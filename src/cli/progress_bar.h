// ProgressBar: long work shown on a terminal, or as JSON lines.
#pragma once

#include <memory>

#include "holdfast/base/progress.h"

namespace holdfast::cli {

enum class ProgressStyle { none, bar, json_lines };

// Writes to standard error, at most ten times a second. finish() clears the bar. Thread-safe.
class ProgressBar : public Progress {
public:
    explicit ProgressBar(ProgressStyle style);
    ~ProgressBar() override;
    void at(const ProgressStep& step) override;
    void finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::cli
