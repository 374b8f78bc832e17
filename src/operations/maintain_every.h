// A maintain verb on every database of the settings, one after another: one that fails does not stop the others, but being
// stopped does.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/operations/audited.h"
#include "holdfast/operations/maintain.h"
#include "holdfast/operations/outcome.h"

namespace holdfast::operations {

template <typename ReportType>
struct MaintainedDatabase {
    std::string database, error, advice;
    int exit_code = 0;
    std::optional<ReportType> done;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("maintained", done, "What was done; null: nothing could be.");
        visit("error", error, "Why.");
        visit("advice", advice, "What to do about it.");
        visit("exit_code", exit_code, "What it alone would have ended with.");
    }
};
template <typename ReportType>
struct MaintainEveryReport {
    std::vector<MaintainedDatabase<ReportType>> databases;
    int exit_code = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("databases", databases, "Each database.");
        visit("exit_code", exit_code, "The worst of theirs.");
    }
};

// Of every source; `settings` has them afterwards, so that they are read once. `invalid`: there is none.
Result<std::vector<std::string>> databases_of_settings(Context& context, SettingsRequest& settings);

template <typename Request>
SettingsRequest& settings_in(Request& request) {
    if constexpr (requires { request.repository.settings; }) return request.repository.settings;
    else if constexpr (requires { request.before.repository.settings; }) return request.before.repository.settings;
    else return request.settings;
}

template <typename Request>
Request for_one_of_several(Request request, const std::string& database) {
    if constexpr (requires { request.target.database; }) request.target.database = database;
    else request.databases = {database};
    if constexpr (requires { request.is_one_of_several; }) request.is_one_of_several = true;
    return request;
}

template <typename Request, typename ReportType>
Result<MaintainEveryReport<ReportType>> maintain_each(Context& context, const Request& request, const std::vector<std::string>& databases,
                                                      Result<ReportType> (*operation)(Context&, const Request&)) {
    MaintainEveryReport<ReportType> report;
    for (const auto& database : databases) {
        MaintainedDatabase<ReportType> told{.database = database, .error = {}, .advice = {}, .done = {}};
        auto done = audited(context, for_one_of_several(request, database), operation);
        if (!done && done.error().code() == ErrorCode::cancelled) return std::move(done).error();
        if (!done) {
            told.exit_code = exit_code_of(done.error().code());
            told.error = done.error().message();
            told.advice = done.error().advice();
        } else {
            if constexpr (requires { exit_code_of(*done); }) told.exit_code = exit_code_of(*done);
            told.done = std::move(*done);
        }
        report.exit_code = std::max(report.exit_code, told.exit_code);
        report.databases.push_back(std::move(told));
    }
    return report;
}

// Of every database of the settings.
template <typename Request, typename ReportType>
Result<MaintainEveryReport<ReportType>> maintain_every(Context& context, Request request, Result<ReportType> (*operation)(Context&, const Request&)) {
    const auto databases = TRY(databases_of_settings(context, settings_in(request)));
    return maintain_each(context, request, databases, operation);
}

// Of those named, or else of every one of the settings.
Result<MaintainEveryReport<MaintainAllReport>> maintain_every(Context& context, const MaintainAllRequest& request);

}  // namespace holdfast::operations
