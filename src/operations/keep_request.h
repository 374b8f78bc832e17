// KeepRequest: how many backups are to stay, as flags; the rule they make is history's.
#pragma once

#include <string>

namespace holdfast::operations {

// The part of a request that says which backups stay. Empty: not said.
struct KeepRequest {
    std::string last, hourly, daily, weekly, monthly, yearly, within;
    bool is_said() const {
        for (const auto* text : {&last, &hourly, &daily, &weekly, &monthly, &yearly, &within})
            if (!text->empty()) return true;
        return false;
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(last, {.name = "keep-last", .sentence = "Keep the newest N (or all).", .value = "N"});
        visit(hourly, {.name = "keep-hourly", .sentence = "Keep the newest of each hour, for N hours that have backups (or all).", .value = "N"});
        visit(daily, {.name = "keep-daily", .sentence = "Keep the newest of each day, for N days.", .value = "N"});
        visit(weekly, {.name = "keep-weekly", .sentence = "Keep the newest of each ISO week, for N weeks.", .value = "N"});
        visit(monthly, {.name = "keep-monthly", .sentence = "Keep the newest of each month, for N months.", .value = "N"});
        visit(yearly, {.name = "keep-yearly", .sentence = "Keep the newest of each year, for N years.", .value = "N"});
        visit(within, {.name = "keep-within", .sentence = "Keep what is younger than that, seen from the newest (48h, 30d, 2w, 1y6mo).", .value = "SPAN"});
    }
};

}  // namespace holdfast::operations
