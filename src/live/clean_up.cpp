#include "holdfast/live/clean_up.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/live/references.h"
#include "holdfast/live/shadow_tables.h"
#include "holdfast/sqlite/interruptible.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

// The table in SQL below; clean_up.h has it in words. Seconds, or NULL for what is no time.
constexpr std::string_view seconds_of_value =
    "CASE typeof({0})"
    " WHEN 'text' THEN CASE WHEN {0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'"
    // SQLite takes the 30th of February for the 1st or 2nd of March.
    " AND date(substr({0}, 1, 10), '+0 days') = substr({0}, 1, 10) THEN unixepoch({0}) END"
    " WHEN 'blob' THEN NULL"
    " ELSE CASE WHEN {0} < 1e8 THEN NULL WHEN {0} < 1e11 THEN {0} WHEN {0} < 1e14 THEN {0} / 1e3"
    " WHEN {0} < 1e17 THEN {0} / 1e6 ELSE {0} / 1e9 END"
    " END";

std::string seconds_of(const CleanupRule& rule) { return fmt::format(fmt::runtime(seconds_of_value), sqlite::quoted_name(rule.column)); }

std::string in_words(const CleanupRule& rule) { return format("clean up {} by {}", printable(rule.table), printable(rule.column)); }

// The newline ends a comment that the condition may end with.
std::string and_where(const CleanupRule& rule) { return rule.where.empty() ? std::string() : format(" AND ({}\n)", rule.where); }

Result<std::int64_t> count(sqlite::Connection& connection, const CleanupRule& rule, const std::string& condition) {
    return connection.integer(format("SELECT count(*) FROM main.{} WHERE {}{}", sqlite::quoted_name(rule.table), condition, and_where(rule)));
}

// A condition in brackets of its own: one that closes them and goes on ("1) OR (1") would take the age away. It must stand
// in both places, and no text that breaks out of one fits the other.
Result<void> expect_condition(sqlite::Connection& connection, const CleanupRule& rule) {
    if (rule.where.empty()) return {};
    for (const char* place : {"SELECT 1 FROM main.{0} WHERE ({1}\n)", "SELECT CASE WHEN {1}\n THEN 1 END FROM main.{0}"}) {
        auto prepared = connection.prepare(fmt::format(fmt::runtime(place), sqlite::quoted_name(rule.table), rule.where));
        if (prepared && prepared->parameter_count() == 0) continue;
        const std::string why = prepared ? "it has parameters" : prepared.error().message();
        return fail(ErrorCode::invalid, "{}: '{}' is no condition: {}", in_words(rule), printable(rule.where), why)
            .with_advice("write it as after WHERE in a SELECT of that table: status <> 'running'");
    }
    return {};
}

Result<RuleOutcome> apply(sqlite::Connection& connection, const CleanupRule& rule, Timestamp now) {
    TRY(expect_sound(connection, rule));
    RuleOutcome outcome{.rule = rule};
    const std::string seconds = seconds_of(rule);
    const std::int64_t cutoff_s = now.nanoseconds / nanoseconds_per_second - rule.older_than_s;
    outcome.without_time = static_cast<std::uint64_t>(TRY(count(connection, rule, format("{} IS NULL", sqlite::quoted_name(rule.column)))));
    outcome.unreadable = static_cast<std::uint64_t>(
        TRY(count(connection, rule, format("{} IS NOT NULL AND ({}) IS NULL", sqlite::quoted_name(rule.column), seconds))));
    auto statement = TRY(connection.prepare(
        format("DELETE FROM main.{} WHERE ({}) < {}{}", sqlite::quoted_name(rule.table), seconds, cutoff_s, and_where(rule))));
    auto done = statement.step();
    if (!done) {
        const bool is_reference = done.error().code() == ErrorCode::invalid;
        auto error = std::move(done).error().while_doing(in_words(rule));
        if (!is_reference) return error;
        return std::move(error).with_advice("a row that refers to one of these keeps it: add a rule for its table, before this one");
    }
    outcome.deleted = static_cast<std::uint64_t>(TRY(connection.integer("SELECT changes()")));
    return outcome;
}

// "table", "view", or empty: there is nothing of that name.
Result<std::string> type_of(sqlite::Connection& connection, const std::string& name) {
    auto type = TRY(connection.prepare("SELECT type FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')"));
    TRY(type.bind(1, std::string_view(name)));
    return TRY(type.step()) ? std::string(type.column_text(0)) : std::string();
}

Result<void> expect_no_new(const std::vector<std::uint64_t>& before, const std::vector<std::uint64_t>& after) {
    std::vector<std::uint64_t> fresh;
    std::ranges::set_difference(after, before, std::back_inserter(fresh));
    if (fresh.empty()) return {};
    return fail(ErrorCode::invalid, "clean up: it would leave {} references to rows that are gone", fresh.size())
        .with_advice("a trigger does it, or a key without an action: add a rule for the table that refers to them");
}

}  // namespace

Result<void> expect_sound(sqlite::Connection& connection, const CleanupRule& rule) {
    if (rule.table.empty() || rule.column.empty()) {
        return fail(ErrorCode::invalid, "clean up: a rule needs a table and the column that says when a row happened");
    }
    if (rule.older_than_s <= 0) return fail(ErrorCode::invalid, "{}: an age must be longer than nothing", in_words(rule)).with_advice("30d");
    if (TRY(type_of(connection, rule.table)) != "table") {
        return fail(ErrorCode::invalid, "{}: there is no such table", in_words(rule)).with_advice("holdfast maintain stats lists them");
    }
    auto column = TRY(connection.prepare("SELECT 1 FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2 COLLATE NOCASE"));
    TRY(column.bind(1, std::string_view(rule.table)));
    TRY(column.bind(2, std::string_view(rule.column)));
    if (!TRY(column.step())) return fail(ErrorCode::invalid, "{}: the table has no such column", in_words(rule));
    return expect_condition(connection, rule);
}

Result<void> expect_sound(const sqlite::Image& image, const std::vector<CleanupRule>& rules) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    TRY(connection.execute("PRAGMA trusted_schema = ON"));
    for (const auto& rule : rules) TRY(expect_sound(connection, rule));
    return {};
}

Result<void> keep_rules_for(const sqlite::Image& image, std::vector<CleanupRule>& rules) {
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    std::vector<CleanupRule> kept;
    for (auto& rule : rules) {
        if (!TRY(type_of(connection, rule.table)).empty()) kept.push_back(std::move(rule));
    }
    rules = std::move(kept);
    return {};
}

Result<CleanupOutcome> clean_up(sqlite::Connection& connection, const std::vector<CleanupRule>& rules, Timestamp now, const Watch& watch) {
    HOLDFAST_ASSERT(connection.is_in_transaction());
    if (TRY(connection.integer("PRAGMA foreign_keys")) != 1) return fail(ErrorCode::bug, "clean up: foreign keys are off");
    CleanupOutcome outcome;
    const auto before = TRY(reference_marks(connection, watch));
    {
        const sqlite::ChangeCounter counter(connection);
        const sqlite::Interruptible interruptible(connection, watch);
        for (const auto& rule : rules) {
            TRY(watch.go_on());
            outcome.rules.push_back(TRY(apply(connection, rule, now)));
        }
        outcome.changes = counter.counted();
    }
    outcome.shadow_tables = shadow_tables_among(connection, outcome.changes);
    TRY(expect_no_new(before, TRY(reference_marks(connection, watch))));
    return outcome;
}

}  // namespace holdfast::live
