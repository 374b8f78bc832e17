// One question, in SQL, to an image: the first value of the first row.
#pragma once

#include <string>

#include "holdfast/base/progress.h"
#include "holdfast/host/clock.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

struct AnswerLimits {
    std::int64_t steps_max = 2'000'000'000;  // of SQLite's machine, that no question may pass; about a minute
    host::Clock* clock = nullptr;            // with it also so much time
    std::int64_t time_ms_max = 0;
};
struct Answer {
    std::string text;       // as SQLite writes it as text; empty for NULL
    bool is_null = false;
    bool is_row = false;    // false: there was no row
};
// Exactly one statement that only reads (`invalid` otherwise; what was wrong with the SQL is `invalid` too). `corrupt`: the
// image, or the database in it, is damaged. `cancelled` when the watch says so; `busy` when the limit is passed.
Result<Answer> ask_image(const Image& image, const std::string& sql, const Watch& watch, AnswerLimits limits = {});

}  // namespace holdfast::sqlite
