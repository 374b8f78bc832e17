#include "holdfast/agree/compare.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::agree {

namespace {

constexpr std::size_t told_max = 20;

// Of `all` those that are not in `others`; both ascending, each once.
MissingIds missing(const std::vector<std::int64_t>& all, const std::vector<std::int64_t>& others) {
    MissingIds result;
    auto at = others.begin();
    for (const auto id : all) {
        while (at != others.end() && *at < id) ++at;
        if (at != others.end() && *at == id) continue;
        ++result.count;
        if (result.first.size() < told_max) result.first.push_back(id);
    }
    return result;
}

std::string in_words(const MissingIds& ids) {
    std::string text;
    for (const auto id : ids.first) text += format("{}{}", text.empty() ? "" : ", ", id);
    return ids.count > ids.first.size() ? text + format(" and {} more", ids.count - ids.first.size()) : text;
}

std::uint64_t remove_repeated(std::vector<std::int64_t>& ids) {
    std::ranges::sort(ids);
    const auto repeated = std::ranges::unique(ids);
    const auto count = static_cast<std::uint64_t>(repeated.size());
    ids.erase(repeated.begin(), repeated.end());
    return count;
}

void compare_ids(std::vector<std::int64_t> held, std::vector<std::int64_t> wanted, Agreement& into) {
    if (const auto twice = remove_repeated(held); twice > 0) into.reasons.push_back(format("{} of its ids are there more than once", twice));
    remove_repeated(wanted);
    into.missing_in_database = missing(held, wanted);
    into.missing_in_index = missing(wanted, held);
    const auto tell = [&](const MissingIds& ids, std::string_view has, std::string_view lacks) {
        if (ids.count > 0) into.reasons.push_back(format("{} {} of which {} knows nothing: {}", has, ids.count == 1 ? "an id" : format("{} ids", ids.count), lacks, in_words(ids)));
    };
    tell(into.missing_in_database, "it has", "the database");
    tell(into.missing_in_index, "the database has", "it");
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::agrees: return "agrees";
        case Verdict::disagrees: return "disagrees";
        case Verdict::could_not: return "could_not";
        case Verdict::placeholder: return "placeholder";
    }
    return "could_not";
}

Agreement compare(Look look, Wanted wanted) {
    Agreement result;
    std::string could_not;
    if (look.trained == false) result.reasons.push_back("it is not trained");
    if (wanted.ids && look.ids) compare_ids(*std::move(look.ids), *std::move(wanted.ids), result);
    else if (wanted.ids) could_not = "it has no ids to be compared";
    look.ids.reset();
    const auto expect_same = [&](std::string_view what, const std::optional<std::uint64_t>& held, const std::optional<std::uint64_t>& asked) {
        if (!asked) return;
        if (!held) could_not = format("it does not say its {}", what);
        else if (*held != *asked) result.reasons.push_back(format("its {} is {}, and should be {}", what, *held, *asked));
    };
    expect_same("count", look.count, wanted.count);
    expect_same("dimension", look.dimension, wanted.dimension);
    if (!result.reasons.empty()) result.verdict = Verdict::disagrees;
    else if (!could_not.empty()) result.verdict = Verdict::could_not;
    if (!could_not.empty()) result.reasons.push_back(could_not);
    result.facts = std::move(look);
    return result;
}

Agreement of_failure(const Error& why) {
    Agreement result;
    result.verdict = why.code() == ErrorCode::corrupt ? Verdict::disagrees : Verdict::could_not;
    result.reasons.push_back(why.text());
    return result;
}

}  // namespace holdfast::agree
