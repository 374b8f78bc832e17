// audited(): an operation called so that the audit log tells of it. Every surface calls operations through it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/host/clock.h"
#include "holdfast/operations/audit_trail.h"

namespace holdfast::operations {

// What the audit log tells of a verb. Verbs without a rule change nothing, and have no entry. Fields are called as
// describe() calls them; "databases.path" is that field of each. Nothing gets into the log that is not named here.
struct AuditRule {
    std::string_view verb;
    std::string_view numbers;                // of the report: the backups concerned, a number or several
    std::vector<std::string_view> asked;     // of the request, unless it is empty, 0 or false
    std::vector<std::string_view> answered;  // of the report, likewise
    std::string_view only_if = {};           // a flag of the report without which nothing was changed, and nothing is told
    bool hides_message = false;              // an error may speak of SQL or of what is in a database: its code is told alone
};
const std::vector<AuditRule>& audit_rules();
const AuditRule* audit_rule(std::string_view verb);

// A request's fields as JSON, for the rule to choose from.
struct RequestJson {
    Json object = Json::object();
    template <typename T>
    void operator()(const T& value, const FieldText& text) { object.set(std::string(text.name), json_of(value)); }
};

// Where the log is and what it tells, as the settings say where `asked` does not. Settings that cannot be read say nothing
// here: the operation itself tells what is wrong with them.
AuditOptions with_log_settings(Context& context, AuditOptions asked, const SettingsRequest& settings);

// The settings that a request means.
template <typename Request>
SettingsRequest settings_meant(const Request& request) {
    if constexpr (requires { request.repository.settings; }) return request.repository.settings;
    else if constexpr (requires { request.before.repository.settings; }) return request.before.repository.settings;
    else if constexpr (requires { request.settings.environment; }) return request.settings;
    else return {};
}

// Where a request that came to open no repository means its entry to go.
struct RepositoryMeant {
    RepositoryRequest repository;
    std::vector<std::string> databases = {};  // beside which it may lie
};
template <typename Request>
RepositoryMeant repository_meant(const Request& request) {
    RepositoryMeant meant;
    if constexpr (requires { request.repository.repository; }) meant.repository = request.repository;
    else if constexpr (requires { request.before.repository.repository; }) meant.repository = request.before.repository;
    if constexpr (requires { request.databases.front().size(); }) meant.databases = request.databases;
    else if constexpr (requires { request.target.database.size(); }) meant.databases = {request.target.database};
    return meant;
}

// One call. Its context has a trail of its own; finish() writes the entry. A request with dry-run or list set, or a report with dry_run,
// is told by nothing; a failed one without a report. A report that says `partial`, `skewed`, `unmet`, `hooks_incomplete`, `copies_incomplete`, `damaged` (itself or of a database), or that it is
// not `good` or `passed`, or has a `failed_step`, makes the outcome partial, or failed as `corrupt`.
class AuditedCall {
public:
    AuditedCall(const Context& outer, std::string_view verb, const SettingsRequest& settings);
    Context& context() { return context_; }
    bool is_told() const { return context_.audit && rule_ != nullptr; }
    // Before finish(): what it did not open is looked for; where nothing is found, the entry goes to the log of none.
    void belongs_to(const RepositoryMeant& meant);
    void finish(const Json& request, const Json& report) { write(request, report, nullptr); }
    void finish(const Json& request, const Error& failure) { write(request, Json::object(), &failure); }

private:
    void write(const Json& request, const Json& report, const Error* failure);

    Context context_;
    const AuditRule* rule_;
    host::Stopwatch stopwatch_;
};

template <typename Request, typename ReportType>
Result<ReportType> audited(Context& outer, const Request& request, Result<ReportType> (*operation)(Context&, const Request&)) {
    AuditedCall call(outer, Request::operation().name, settings_meant(request));
    auto report = operation(call.context(), request);
    if (!call.is_told()) return report;
    RequestJson asked;
    Request copy = request;  // describe() binds to fields, for those who fill them
    copy.describe(asked);
    call.belongs_to(repository_meant(request));
    if (report) call.finish(asked.object, json_of(*report));
    else call.finish(asked.object, report.error());
    return report;
}

}  // namespace holdfast::operations
