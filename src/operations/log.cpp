#include "holdfast/operations/log.h"

#include <algorithm>
#include <deque>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/operations/audit_check.h"
#include "holdfast/operations/audit_heads.h"
#include "holdfast/operations/audit_trail.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

namespace {

std::string text_of(const Json& value) {
    const auto* text = value.as_text();
    return text ? *text : value.to_text();
}

LoggedEntry logged(const AuditEntry& entry) {
    LoggedEntry shown{.sequence = entry.sequence,
                      .time = entry.time,
                      .event = entry.event,
                      .source = entry.source,
                      .outcome = entry.outcome,
                      .code = entry.code,
                      .message = entry.message,
                      .program = entry.program,
                      .user = entry.user,
                      .host = entry.host,
                      .numbers = entry.numbers,
                      .duration_ms = entry.duration_ms,
                      .details = {}};
    if (const auto* details = entry.details.as_object()) {
        for (const auto& [key, value] : *details) shown.details.push_back(format("{}={}", key, text_of(value)));
    }
    return shown;
}

struct Wanted {
    std::string event, source;
    std::optional<Timestamp> since;
    bool matches(const AuditEntry& entry) const {
        return (event.empty() || entry.event == event) && (source.empty() || entry.source == source) && (!since || entry.time >= *since);
    }
};
Result<Wanted> wanted_by(Context& context, const LogRequest& request) {
    Wanted wanted{.event = request.event, .source = request.source, .since = {}};
    const Timestamp now = context.host.clock.now();
    if (!request.since.empty()) wanted.since = TRY(parse_moment(request.since, now, host::local_to_utc, host::local_offset_s(now)));
    return wanted;
}

// The repository's id is readable without its key, and so is the log.
Result<std::string> log_of_repository(Context& context, const LogRequest& request) {
    const auto place = TRY(find_repository(context, request.repository, {}));
    const auto store = TRY(store::open_local_store(context.host, place.path, {}));
    const std::string id = TRY(repository::read_config(*store)).id.hex();
    return context.audit ? context.audit->path(id) : audit_log_path(id);
}

Result<void> read_entries(Context& context, const LogRequest& request, LogReport& report) {
    const auto wanted = TRY(wanted_by(context, request));
    std::deque<LoggedEntry> newest;
    const auto take = [&](const AuditLine& line) -> Result<void> {
        if (!line.entry) return {};
        ++report.entries_in_all;
        report.log = line.entry->log;
        if (!wanted.matches(*line.entry)) return {};
        newest.push_back(logged(*line.entry));
        if (request.last != 0 && newest.size() > request.last) newest.pop_front();
        return {};
    };
    TRY(read_audit_log(context.host.files, report.file, take));
    std::ranges::move(newest, std::back_inserter(report.entries));
    return {};
}

// Of a log by itself, when there is no repository to compare it with.
Result<std::vector<KeptHead>> heads_for(Context& context, const LogRequest& request, LogReport& report) {
    const auto opened = open_repository(context, request.repository, {});
    if (opened) return kept_heads((*opened)->get());
    const bool may_be_alone = !request.file.empty() && request.repository.repository.empty() && opened.error().code() == ErrorCode::not_found;
    if (!may_be_alone) return opened.error().copy();
    report.warnings.push_back("there is no repository to compare it with: a cut tail would not show (-r REPOSITORY)");
    return std::vector<KeptHead>();
}

void add_head_beside(Context& context, std::vector<KeptHead>& heads, LogReport& report) {
    auto beside = head_beside_audit_log(context.host.files, report.file);
    if (beside) heads.push_back({.head = *std::move(beside), .where = "the head beside the log"});
    else report.warnings.push_back("no head lies beside the log: what came after the last backup or note is proven by its own chain only, and its last entry by nothing");
}

std::vector<LogFinding> shown(const std::vector<AuditFinding>& findings) {
    std::vector<LogFinding> all;
    for (const auto& finding : findings) all.push_back({.line = finding.line, .what = finding.what});
    return all;
}

}  // namespace

Result<LogReport> show_log(Context& context, const LogRequest& request) {
    LogReport report;
    report.file = request.file.empty() ? TRY(log_of_repository(context, request)) : request.file;
    if (request.verify) {
        auto heads = TRY(heads_for(context, request, report));
        add_head_beside(context, heads, report);
        const auto check = TRY(check_audit_log(context.host, report.file, heads));
        report.verified = true;
        report.good = check.damage.empty();
        report.damage = shown(check.damage);
        report.remarks = shown(check.remarks);
        report.heads_matched = check.heads_matched;
        report.other_logs = check.other_logs;
    }
    if (TRY(host::exists(context.host.files, report.file))) {
        TRY(read_entries(context, request, report));
    } else if (!request.file.empty()) {
        return fail(ErrorCode::not_found, "show the log {}: it is not there", printable(request.file));
    }
    return report;
}

}  // namespace holdfast::operations
