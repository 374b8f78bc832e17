#include "holdfast/rows/sound_table.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

bool is_about_values(std::string_view finding) { return finding.find(" value in ") != std::string_view::npos || finding.starts_with("CHECK constraint failed"); }

bool is_about_indexes(std::string_view finding) {
    constexpr std::array<std::string_view, 4> words = {"missing from index", "wrong # of entries in index", "non-unique entry in index", "values differ from index"};
    return std::ranges::any_of(words, [&](std::string_view word) { return finding.find(word) != std::string_view::npos; });
}

Result<Soundness> look(sqlite::Connection& connection, const std::string& check) {
    using Verdict = Soundness::Verdict;
    Soundness found;
    const auto note = [&](Verdict verdict, std::string finding) {
        if (verdict > found.verdict) found = {.verdict = verdict, .finding = std::move(finding)};
    };
    auto findings = connection.prepare(check);
    for (;;) {
        auto more = findings ? findings->step() : Result<bool>(std::move(findings).error());
        if (!more && more.error().code() != ErrorCode::corrupt) return std::move(more).error();
        if (!more) note(Verdict::damaged, more.error().message());
        if (!more || !*more) return found;
        const std::string finding = findings->column_text(0);
        if (finding == "ok" || is_about_values(finding)) continue;
        note(is_about_indexes(finding) ? Verdict::indexes_differ : Verdict::damaged, printable(finding));
    }
}

}  // namespace

Result<Soundness> soundness_of(sqlite::Connection& connection, const Table& table) {
    return look(connection, format("PRAGMA main.integrity_check({})", sqlite::quoted_name(table.name)));
}

Result<Soundness> soundness_of_all(sqlite::Connection& connection) { return look(connection, "PRAGMA main.integrity_check"); }

}  // namespace holdfast::rows
