#include "holdfast/operations/outcome.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/base/versions.h"
#include "holdfast/sqlite/version.h"

namespace holdfast::operations {

namespace {

struct Outcome {
    ErrorCode code;
    int exit_code;
    int http_status;
    std::string_view meaning;
};

// The one table. Exit codes never change their meaning; 1 is left to programs that crash, and 128 + N to signals.
constexpr std::array outcomes = {
    Outcome{ErrorCode::invalid, 2, 400, "the request is wrong"},
    Outcome{ErrorCode::corrupt, 4, 500, "damage was found, or bytes are not what they must be"},
    Outcome{ErrorCode::not_found, 5, 404, "what was named does not exist"},
    Outcome{ErrorCode::exists, 6, 409, "it exists already"},
    Outcome{ErrorCode::busy, 7, 423, "somebody holds it now: try again later"},
    Outcome{ErrorCode::unavailable, 8, 503, "a place or program could not be reached"},
    Outcome{ErrorCode::denied, 9, 403, "permission, password or key is missing or wrong"},
    Outcome{ErrorCode::full, 10, 507, "no room left"},
    Outcome{ErrorCode::too_new, 11, 501, "written by a newer or unreleased format"},
    Outcome{ErrorCode::bug, 70, 500, "a fault of holdfast itself: please report it"},
    Outcome{ErrorCode::cancelled, 130, 499, "stopped on request by Ctrl-C; by another signal: 128 and its number"},
};

const Outcome& outcome_of(ErrorCode code) {
    const auto at = std::ranges::find(outcomes, code, &Outcome::code);
    HOLDFAST_ASSERT(at != outcomes.end());
    return *at;
}

}  // namespace

int exit_code_of(ErrorCode code) { return outcome_of(code).exit_code; }
int http_status_of(ErrorCode code) { return outcome_of(code).http_status; }

const std::vector<ExitCodeRow>& exit_codes() {
    static const std::vector<ExitCodeRow> rows = [] {
        std::vector<ExitCodeRow> all = {{0, "done"},
                                        {exit_code_partial, "done in part: some databases failed, or are damaged themselves; or something failed afterwards: a hook, a rebuild, a smoke test"},
                                        {exit_code_missed, "a target is missed: what status was asked to watch needs somebody"},
                                        {exit_code_warnings, "doctor found what should be looked after, and no fault"},
                                        {exit_code_faults, "doctor found a fault"},
                                        {exit_code_differs, "diff was asked whether something differs, and it does"}};
        for (const auto& outcome : outcomes) all.push_back({outcome.exit_code, outcome.meaning});
        std::ranges::sort(all, {}, &ExitCodeRow::code);
        return all;
    }();
    return rows;
}

std::string library_versions() {
    std::string text = format("sqlite {}\n", sqlite::library_version());
    for (const auto& [name, version] : holdfast::library_versions()) text += format("{} {}\n", name, version);
    return text;
}

}  // namespace holdfast::operations
