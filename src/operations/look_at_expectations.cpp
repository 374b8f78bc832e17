#include "holdfast/operations/look_at_expectations.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/operations/drilled_file.h"
#include "holdfast/sqlite/ask_image.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::operations {

namespace {

// As SQLite takes text for a truth: by the number that it begins with.
bool is_true(const sqlite::Answer& answer) {
    double number = 0;
    std::from_chars(answer.text.data(), answer.text.data() + answer.text.size(), number);
    return !answer.is_null && number != 0;
}

std::string counting(const std::string& table) { return "SELECT count(*) FROM " + sqlite::quoted_name(table); }

Result<std::uint64_t> rows_of(Context& context, const sqlite::Image& image, const std::string& table) {
    const auto answer = TRY(sqlite::ask_image(image, counting(table), context.watch));
    std::uint64_t rows = 0;
    std::from_chars(answer.text.data(), answer.text.data() + answer.text.size(), rows);
    return rows;
}

Result<void> look_at_query(Context& context, const sqlite::Image& image, const Expectation& expectation, ExpectationResult& result) {
    const auto answer = TRY(sqlite::ask_image(image, expectation.sql, context.watch));
    result.answer = answer.is_null || !answer.is_row ? "NULL" : answer.text;
    result.met = is_true(answer);
    if (!result.met) result.why = format("the answer is {}", printable(result.answer));
    return {};
}

Result<void> look_at_table(Context& context, const sqlite::Image& image, const sqlite::Image* before, const Expectation& expectation,
                           ExpectationResult& result) {
    const std::uint64_t now = TRY(rows_of(context, image, expectation.table));
    result.answer = format("{} rows", now);
    result.met = true;
    if (before == nullptr) return {};
    const auto then = rows_of(context, *before, expectation.table);
    if (!then) return {};  // it was not there yet
    const double lost = *then <= now ? 0 : 100.0 * static_cast<double>(*then - now) / static_cast<double>(*then);
    result.met = lost <= expectation.loss_percent_max;
    if (!result.met) result.why = format("it had {} rows in the backup before: {:.1f} % are gone, more than {:g} %", *then, lost, expectation.loss_percent_max);
    return {};
}

ExpectationResult about(const Expectation& expectation) {
    ExpectationResult result;
    result.what = expectation.sql.empty() ? "table " + expectation.table : expectation.sql;
    return result;
}

}  // namespace

std::vector<ExpectationResult> unmet_by_emptiness(const std::vector<Expectation>& expectations) {
    std::vector<ExpectationResult> results;
    for (const auto& expectation : expectations) {
        auto result = about(expectation);
        result.why = "the database is empty";
        results.push_back(std::move(result));
    }
    return results;
}

Result<std::vector<ExpectationResult>> look_at_expectations(Context& context, const sqlite::Image& image, const sqlite::Image* before,
                                                            const std::vector<Expectation>& expectations) {
    std::vector<ExpectationResult> results;
    if (image.last_page().value == 0) return unmet_by_emptiness(expectations);
    for (const auto& expectation : expectations) {
        auto result = about(expectation);
        const auto looked = expectation.sql.empty() ? look_at_table(context, image, before, expectation, result)
                                                    : look_at_query(context, image, expectation, result);
        TRY(context.watch.go_on());
        if (!looked && looked.error().code() == ErrorCode::corrupt) return looked.error().copy();
        if (!looked) result.why = looked.error().message();
        results.push_back(std::move(result));
    }
    return results;
}

Result<std::vector<ExpectationResult>> look_at_backup(Context& context, const repository::Repository& repository,
                                                      const repository::Snapshot& snapshot, const std::vector<Expectation>& expectations) {
    const auto earlier = TRY(whole_backup_before(repository, {.snapshot = snapshot, .notes = {}}));
    std::vector<ExpectationResult> all;
    for (const auto& entry : snapshot.members) {
        if (!entry.database) continue;
        const auto image = TRY(history::open_image(repository, entry));
        const auto before = TRY(image_of_member(repository, earlier, entry.name));
        std::ranges::move(TRY(look_at_expectations(context, *image, before.get(), expectations)), std::back_inserter(all));
    }
    return all;
}

Result<std::vector<std::string>> emptied_in(const repository::Repository& repository, const repository::Snapshot& snapshot) {
    std::vector<std::string> emptied;
    const auto is_empty = [](const repository::DirectoryEntry& entry) { return entry.database && entry.database->page_count == 0; };
    if (std::ranges::none_of(snapshot.members, is_empty)) return emptied;
    const auto earlier = TRY(whole_backup_before(repository, {.snapshot = snapshot, .notes = {}}));
    if (!earlier) return emptied;
    for (const auto& entry : snapshot.members) {
        const auto before = std::ranges::find(earlier->members, entry.name, &repository::DirectoryEntry::name);
        const bool had_content = before != earlier->members.end() && before->database && before->database->page_count > 0;
        if (is_empty(entry) && had_content) emptied.push_back(entry.name);
    }
    return emptied;
}

}  // namespace holdfast::operations
