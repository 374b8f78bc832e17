#include "holdfast/sqlite/ask_image.h"

#include <sqlite3.h>

#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::sqlite {
namespace {

constexpr int steps_between_looks = 100'000;

// What the progress handler looks at.
struct Bounds {
    const Watch& watch;
    std::int64_t steps_left = 0;
    host::Clock* clock = nullptr;
    std::int64_t end_ns = 0;
    bool is_spent = false;
};

int stop_if_over(void* at) noexcept {
    auto& bounds = *static_cast<Bounds*>(at);
    bounds.steps_left -= steps_between_looks;
    bounds.is_spent = bounds.steps_left <= 0 || (bounds.clock != nullptr && bounds.clock->monotonic_ns() >= bounds.end_ns);
    return bounds.is_spent || bounds.watch.stop.stop_requested() ? 1 : 0;
}

// Other files are none of the question's business.
int refuse_attach(void*, int action, const char*, const char*, const char*, const char*) noexcept {
    return action == SQLITE_ATTACH ? SQLITE_DENY : SQLITE_OK;
}

Result<Statement> reading(Connection& connection, const std::string& sql) {
    auto statement = TRY(connection.prepare(sql));
    if (!statement.is_read_only() || statement.is_explain()) return fail(ErrorCode::invalid, "it does not only read");
    return statement;
}

Result<Answer> first_value(Connection& connection, const std::string& sql) {
    auto statement = TRY(reading(connection, sql));
    Answer answer;
    answer.is_row = TRY(statement.step());
    if (!answer.is_row) return answer;
    answer.is_null = statement.column_count() == 0 || statement.column_is_null(0);
    if (!answer.is_null) answer.text = statement.column_text(0);
    return answer;
}

// A number as one, so that it equals what stands in a column of numbers and, by SQLite's affinity, in one of texts.
Result<void> bind_name(Statement& statement, int index, const std::string& name) {
    std::int64_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool is_number = read.ec == std::errc() && read.ptr == name.data() + name.size() && std::to_string(number) == name;
    return is_number ? statement.bind(index, number) : statement.bind(index, std::string_view(name));
}

Result<std::vector<SqlValue>> first_column(Connection& connection, const ColumnQuestion& question) {
    auto statement = TRY(reading(connection, question.sql));
    for (int index = 1; index <= statement.parameter_count(); ++index) {
        const auto parameter = statement.parameter_name(index);
        if (parameter != name_parameter || !question.name) return fail(ErrorCode::invalid, "it has the parameter {}, for which there is no value", parameter.empty() ? "?" : parameter);
        TRY(bind_name(statement, index, *question.name));
    }
    std::vector<SqlValue> values;
    while (TRY(statement.step())) {
        if (values.size() == question.rows_max) return fail(ErrorCode::busy, "it has more than {} answers", question.rows_max);
        values.push_back(statement.column_value(0));
    }
    return values;
}

struct Asked {
    const Image& image;
    const std::string& sql;
    const Watch& watch;
    const AnswerLimits& limits;
};
template <typename Value, typename Ask>
Result<Value> ask_bounded(const Asked& asked, Ask ask) {
    const auto& [image, sql, watch, limits] = asked;
    TRY(watch.go_on());
    const auto served = TRY(serve_image(image));
    auto connection = TRY(served->connect());
    Bounds bounds{.watch = watch, .steps_left = limits.steps_max, .clock = limits.clock};
    if (limits.clock != nullptr) bounds.end_ns = limits.clock->monotonic_ns() + limits.time_ms_max * 1'000'000;
    sqlite3_set_authorizer(connection.handle(), refuse_attach, nullptr);
    sqlite3_progress_handler(connection.handle(), steps_between_looks, stop_if_over, &bounds);
    Result<Value> answer = ask(connection);
    sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
    if (answer) return answer;
    TRY(watch.go_on());
    if (const std::string why = served->last_failure(); !why.empty()) {
        return fail(ErrorCode::corrupt, "ask the database: {}", why);
    }
    if (bounds.is_spent) {
        const std::string limit = limits.clock == nullptr ? "" : format(" in {}", human_duration_ms(static_cast<double>(limits.time_ms_max)));
        return fail(ErrorCode::busy, "the question could not be answered{}, and was stopped", limit).with_advice("a simpler question, an index, or more time");
    }
    return std::move(answer).error().while_doing("ask the database: " + sql);
}

}  // namespace

Result<Answer> ask_image(const Image& image, const std::string& sql, const Watch& watch, AnswerLimits limits) {
    return ask_bounded<Answer>({.image = image, .sql = sql, .watch = watch, .limits = limits}, [&](Connection& connection) { return first_value(connection, sql); });
}

Result<std::vector<SqlValue>> ask_column(const Image& image, const ColumnQuestion& question, const Watch& watch, AnswerLimits limits) {
    return ask_bounded<std::vector<SqlValue>>({.image = image, .sql = question.sql, .watch = watch, .limits = limits}, [&](Connection& connection) { return first_column(connection, question); });
}

}  // namespace holdfast::sqlite
