#include "holdfast/operations/log.h"

#include <algorithm>
#include <deque>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/process_identity.h"
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

struct Told {
    std::string repository;  // one file may be the log of several
    std::set<std::uint64_t> numbers;
    std::optional<Timestamp> first;  // of all entries
};
// The backups that an entry tells of, whatever part they had in it.
void note_numbers(const AuditEntry& entry, std::set<std::uint64_t>& told) {
    told.insert(entry.numbers.begin(), entry.numbers.end());
    const auto add = [&](const Json& value) {
        if (const auto number = value.as_integer(); number && *number > 0) told.insert(static_cast<std::uint64_t>(*number));
    };
    for (const char* key : {"made", "safety_number"}) {
        const auto* value = entry.details.find(key);
        if (value == nullptr) continue;
        if (const auto* array = value->as_array()) std::ranges::for_each(*array, add);
        else add(*value);
    }
}

// A head tells beside which log a backup was made; who made one before this log's first entry had none, and the machine must do.
Result<void> find_unlogged(Context& context, const std::vector<MadeBackup>& made, const Told& told, LogReport& report) {
    const std::string place = TRY(audit_log_place(context.host.files, report.file));
    for (const auto& backup : made) {
        const auto head = AuditHead::parse(backup.audit_head);
        const bool is_before_log = backup.audit_head.empty() && (!told.first || backup.time < *told.first);
        const bool is_here = head ? head->place == place : is_before_log && backup.machine == host::this_machine();
        if (!is_here || told.numbers.contains(backup.number)) continue;
        report.unlogged.push_back(backup.number);
        report.remarks.push_back({.line = 0, .what = backup.in_words + " is in no entry: what made it did not come to its end, or could not write here"});
    }
    return {};
}

Result<void> read_entries(Context& context, const LogRequest& request, Told& told, LogReport& report) {
    const auto wanted = TRY(wanted_by(context, request));
    std::deque<LoggedEntry> newest;
    const auto take = [&](const AuditLine& line) -> Result<void> {
        if (!line.entry) return {};
        ++report.entries_in_all;
        report.log = line.entry->log;
        if (!told.first) told.first = line.entry->time;
        if (line.entry->repository == told.repository) note_numbers(*line.entry, told.numbers);
        if (!wanted.matches(*line.entry)) return {};
        newest.push_back(logged(*line.entry));
        if (request.last != 0 && newest.size() > request.last) newest.pop_front();
        return {};
    };
    TRY(read_audit_log(context.host.files, report.file, take));
    std::ranges::move(newest, std::back_inserter(report.entries));
    return {};
}

struct Known : KnownOfLogs {
    std::string repository;  // its id
};
// Of a log by itself, when there is no repository to compare it with.
Result<Known> known_to_repository(Context& context, const LogRequest& request, LogReport& report) {
    const auto opened = open_repository(context, request.repository, {});
    if (opened) return Known{TRY(known_of_logs((*opened)->get())), (*opened)->get().config().id.hex()};
    const bool may_be_alone = !request.file.empty() && request.repository.repository.empty() && opened.error().code() == ErrorCode::not_found;
    if (!may_be_alone) return opened.error().copy();
    report.warnings.push_back("there is no repository to compare it with: a cut tail would not show (-r REPOSITORY)");
    return Known();
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

// Operations that found no repository have a log of their own.
Result<void> tell_of_homeless(Context& context, const LogRequest& request, LogReport& report) {
    const std::string path = context.audit ? context.audit->path({}) : audit_log_path({});
    if (!request.file.empty() || path == report.file || !TRY(host::exists(context.host.files, path))) return {};
    std::uint64_t entries = 0;
    TRY(read_audit_log(context.host.files, path, [&](const AuditLine& line) -> Result<void> {
        if (line.entry) ++entries;
        return {};
    }));
    if (entries > 0) report.warnings.push_back(format("operations that found no repository have {} of their own: holdfast log --file {}", entries == 1 ? "an entry" : format("{} entries", entries), shell_word(path)));
    return {};
}

}  // namespace

Result<LogReport> show_log(Context& context, const LogRequest& request) {
    LogReport report;
    report.file = request.file.empty() ? TRY(log_of_repository(context, request)) : request.file;
    Known known;
    Told told;
    if (request.verify) {
        known = TRY(known_to_repository(context, request, report));
        told.repository = known.repository;
        add_head_beside(context, known.heads, report);
        const auto check = TRY(check_audit_log(context.host, report.file, known.heads));
        report.verified = true;
        report.good = check.damage.empty();
        report.damage = shown(check.damage);
        report.remarks = shown(check.remarks);
        report.heads_matched = check.heads_matched;
        report.other_logs = check.other_logs;
    }
    if (TRY(host::exists(context.host.files, report.file))) {
        TRY(read_entries(context, request, told, report));
    } else if (!request.file.empty()) {
        return fail(ErrorCode::not_found, "show the log {}: it is not there", printable(request.file));
    }
    TRY(find_unlogged(context, known.made, told, report));
    TRY(tell_of_homeless(context, request, report));
    return report;
}

}  // namespace holdfast::operations
