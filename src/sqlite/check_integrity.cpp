#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::sqlite {
namespace {

constexpr std::size_t findings_max = 20;

// What SQLite says when a schema needs something that this process does not have, or that an untrusted schema may not
// use. It may stand inside "malformed database schema (…)".
bool names_something_missing(std::string_view message) {
    constexpr std::array<std::string_view, 6> signs{"no such collation sequence", "no such function", "unknown function",
                                                    "no such module", "unknown tokenizer", "unsafe use of"};
    return std::ranges::any_of(signs, [&](std::string_view sign) { return message.find(sign) != message.npos; });
}

void add_lines(CheckOutcome& outcome, std::string_view row) {
    for (const std::string& line : split(row, '\n')) {
        if (outcome.findings.size() == findings_max) return;
        if (const auto words = trim(line); !words.empty()) outcome.findings.push_back(printable(words));
    }
}

// Findings that came before a failure are kept.
Result<void> collect_findings(Connection& connection, const std::string& sql, CheckOutcome& outcome) {
    auto statement = TRY(connection.prepare(sql));
    while (TRY(statement.step())) {
        const std::string row = statement.column_text(0);
        if (row != "ok") add_lines(outcome, row);
    }
    return {};
}

}  // namespace

Result<CheckOutcome> check_integrity(Connection& connection, CheckDepth depth, const Watch& watch) {
    using Verdict = CheckOutcome::Verdict;
    TRY(watch.go_on());
    const Interruptible interruptible(connection, watch);
    const auto sql = format("PRAGMA {}_check({})", depth == CheckDepth::quick ? "quick" : "integrity", findings_max);
    CheckOutcome outcome;
    auto checked = collect_findings(connection, sql, outcome);
    if (!outcome.findings.empty()) outcome.verdict = Verdict::damaged;
    if (checked) return outcome;
    if (checked.error().code() == ErrorCode::cancelled) TRY(watch.go_on());
    const bool missing = names_something_missing(checked.error().message());
    if (!missing && checked.error().code() != ErrorCode::corrupt) {
        return std::move(checked).error().while_doing("check the database");
    }
    if (!missing) outcome.verdict = Verdict::damaged;
    if (missing && outcome.verdict == Verdict::ok) outcome.verdict = Verdict::could_not;
    add_lines(outcome, checked.error().message());
    return outcome;
}

}  // namespace holdfast::sqlite
