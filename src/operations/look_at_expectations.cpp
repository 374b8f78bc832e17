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

sqlite::AnswerLimits limits_of(Context& context, const Expectation& expectation) {
    return {.clock = &context.host.clock, .time_ms_max = expectation.time_limit_s * 1000};
}

Result<std::uint64_t> rows_of(Context& context, const sqlite::Image& image, const Expectation& expectation) {
    const auto answer = TRY(sqlite::ask_image(image, counting(expectation.table), context.watch, limits_of(context, expectation)));
    std::uint64_t rows = 0;
    std::from_chars(answer.text.data(), answer.text.data() + answer.text.size(), rows);
    return rows;
}

Result<void> look_at_query(Context& context, const sqlite::Image& image, const Expectation& expectation, ExpectationResult& result) {
    const auto answer = TRY(sqlite::ask_image(image, expectation.sql, context.watch, limits_of(context, expectation)));
    result.answer = answer.is_null || !answer.is_row ? "NULL" : answer.text;
    result.met = is_true(answer);
    if (!result.met) result.why = format("the answer is {}", printable(result.answer));
    return {};
}

// What cannot be counted in time is not met; what cannot be counted at all was not there yet.
Result<void> look_at_table(Context& context, const sqlite::Image& image, const MemberBefore& before, const Expectation& expectation,
                           ExpectationResult& result) {
    const std::uint64_t now = TRY(rows_of(context, image, expectation));
    result.answer = format("{} rows", now);
    const auto baseline = TRY(before(expectation.table));
    if (baseline.is_gone) {
        result.why = "rows of it were lost before, and the backup that had them is gone";
        return {};
    }
    result.met = true;
    if (baseline.image == nullptr) return {};
    const auto then = rows_of(context, *baseline.image, expectation);
    if (!then && then.error().code() == ErrorCode::busy) {
        result.met = false;
        result.why = format("in backup #{}: {}", baseline.number.value, then.error().message());
    }
    if (!then) return {};
    const double lost = *then <= now ? 0 : 100.0 * static_cast<double>(*then - now) / static_cast<double>(*then);
    result.met = lost <= expectation.loss_percent_max;
    if (!result.met) result.why = format("it had {} rows in backup #{}: {:.1f} % are gone, more than {:g} %", *then, baseline.number.value, lost, expectation.loss_percent_max);
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

MemberBefore nothing_before() {
    return [](const std::string&) -> Result<MemberBaseline> { return MemberBaseline{}; };
}

MemberBefore member_before(const repository::Repository& repository, const EarlierBackups& earlier, const std::string& member) {
    return [&repository, &earlier, &member](const std::string& table) -> Result<MemberBaseline> {
        const auto baseline = TRY(earlier.baseline(rows_of_table(member, table)));
        MemberBaseline found{.image = TRY(image_of_member(repository, baseline.snapshot, member)), .number = {}, .is_gone = baseline.is_gone};
        if (baseline.snapshot) found.number = baseline.snapshot->number;
        return found;
    };
}

Result<std::vector<ExpectationResult>> look_at_expectations(Context& context, const sqlite::Image& image, const MemberBefore& before,
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
    const auto earlier = TRY(EarlierBackups::of(repository, snapshot));
    std::vector<ExpectationResult> all;
    for (const auto& entry : snapshot.members) {
        if (!entry.database) continue;
        const auto image = TRY(history::open_image(repository, entry));
        auto results = TRY(look_at_expectations(context, *image, member_before(repository, earlier, entry.name), expectations));
        for (std::size_t i = 0; i < results.size(); ++i) {
            if (expectations[i].sql.empty()) results[i].lost = rows_of_table(entry.name, expectations[i].table);
        }
        std::ranges::move(results, std::back_inserter(all));
    }
    return all;
}

Result<std::vector<UnmetThing>> emptied_in(const repository::Repository& repository, const repository::Snapshot& snapshot) {
    std::vector<UnmetThing> emptied;
    const auto is_empty = [](const repository::DirectoryEntry& entry) { return entry.database && entry.database->page_count == 0; };
    if (std::ranges::none_of(snapshot.members, is_empty)) return emptied;
    const auto earlier = TRY(EarlierBackups::of(repository, snapshot));
    for (const auto& entry : snapshot.members) {
        if (!is_empty(entry)) continue;
        const auto baseline = TRY(earlier.baseline(content_of(entry.name)));
        UnmetThing thing{.what = entry.name + " is empty", .why = "it was not before, and the backup that had its content is gone", .lost = content_of(entry.name)};
        if (baseline.is_gone) emptied.push_back(thing);
        if (!baseline.snapshot) continue;
        const auto& members = baseline.snapshot->members;
        const auto before = std::ranges::find(members, entry.name, &repository::DirectoryEntry::name);
        if (before == members.end() || !before->database || before->database->page_count == 0) continue;
        thing.why = format("it was not in backup #{}, which holdfast restore {} brings back", baseline.snapshot->number.value, baseline.snapshot->number.value);
        emptied.push_back(std::move(thing));
    }
    return emptied;
}

}  // namespace holdfast::operations
