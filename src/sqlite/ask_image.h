// One question, in SQL, to an image: the first value of the first row, or the first column of all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/base/sql_value.h"
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

// A question about one thing among several: ":name" in it is its name, a number where it is written as one.
constexpr std::string_view name_parameter = ":name";
struct ColumnQuestion {
    std::string sql;
    std::optional<std::string> name = {};
    std::uint64_t rows_max = std::uint64_t{1} << 26;  // more is `busy`
};
// The first column of every row. Errors as of ask_image().
Result<std::vector<SqlValue>> ask_column(const Image& image, const ColumnQuestion& question, const Watch& watch, AnswerLimits limits = {});

}  // namespace holdfast::sqlite
