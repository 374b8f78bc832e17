#include <algorithm>
#include <functional>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/duration.h"
#include "holdfast/operations/found_damaged.h"
#include "holdfast/operations/listed_backup.h"
#include "holdfast/operations/look_at_content.h"
#include "holdfast/operations/losses.h"
#include "holdfast/operations/missing_databases.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/rebuild_companion.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/unfinished_restore.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/ledger.h"

namespace holdfast::operations {

namespace {

using repository::Repository;

// The tag of a drill's note: "scenario=deletion".
std::string scenario_of(const repository::Note& drilled) {
    if (drilled.tags.empty()) return "a drill";
    const auto& tag = drilled.tags.front();
    return tag.substr(tag.find('=') + 1);
}

// When the source was last known to be as this backup holds it. None: it states only times that cannot be.
std::optional<Timestamp> confirmed_at(const history::Moment& moment, Timestamp now) {
    std::optional<Timestamp> confirmed;
    const auto add = [&](Timestamp time) {
        if (!history::is_in_future(time, now)) confirmed = std::max(confirmed.value_or(time), time);
    };
    if (!history::is_misdated(moment.snapshot)) add(moment.snapshot.time);
    if (moment.notes.last_seen) add(*moment.notes.last_seen);
    return confirmed;
}

struct Looked {
    const FoundDamaged& found;
    const LoadedSettings& loaded;
    Timestamp now;
};
// What one more backup, in ascending order, says about its source. Safety backups take space and say no more.
void add_to(SourceStatus& source, const history::Moment& moment, const Looked& looked) {
    const auto& snapshot = moment.snapshot;
    source.id = to_hex(snapshot.source.id);
    source.name = snapshot.source.name;
    source.paths = snapshot.source.paths;
    source.bytes_stored += snapshot.statistics.bytes_stored;
    ++source.backups;
    if (moment.notes.verified) {
        source.last_verified = format("#{}: {}", snapshot.number.value, verification_of(moment));
        source.last_verified_at = moment.notes.verified->time;
    }
    if (const auto& drilled = moment.notes.drilled; drilled && (!source.drilled_at || drilled->time >= *source.drilled_at)) {
        source.drilled_at = drilled->time;
        source.restore_takes_ms = static_cast<double>(drilled->value);
        source.last_scenario = scenario_of(*drilled);
        source.last_drill = format("#{}: {}, {}", snapshot.number.value, source.last_scenario, drilled->good ? "passed" : "failed");
    }
    const bool is_misdated = history::is_misdated(snapshot);
    if (is_misdated || history::is_in_future(snapshot.time, looked.now)) source.of_future.push_back(snapshot.number.value);
    const auto confirmed = confirmed_at(moment, looked.now);
    if (repository::is_ordinary(snapshot.kind) && snapshot.is_whole() && moment.is_good() && confirmed) {
        source.proven_number = snapshot.number.value;
        source.proven_at = std::max(source.proven_at.value_or(*confirmed), *confirmed);
    }
    const bool counts = repository::is_ordinary(snapshot.kind) && !looked.found.is_known_bad(moment) && !snapshot.partial;
    const bool has_other = source.last_backup && !source.is_last_misdated;
    const bool is_past = history::is_adopted(snapshot) && has_other && (is_misdated || snapshot.time < *source.last_backup);
    if (!counts || is_past) return;
    source.is_last_misdated = is_misdated;
    source.last_number = snapshot.number.value;
    source.last_backup = snapshot.time;
    if (confirmed) source.last_confirmed = std::max(source.last_confirmed.value_or(*confirmed), *confirmed);
    source.logical_bytes = snapshot.statistics.logical_bytes;
    source.unmet = unmet_by_notes(moment.notes);
    source.is_to_be_looked_at = is_yet_to_be_looked_at(snapshot, moment.notes, looked.loaded);
    source.skew = snapshot.skew ? snapshot.skew->why : std::string();
    source.has_loss = has_loss(moment.notes) && !moment.notes.accepted;
}

// What the newest backup lacks of files and folders; databases are looked for by missing_databases().
std::vector<std::string> lacks_of_newest(const std::vector<history::Moment>& of_source) {
    std::vector<std::string> lacks;
    const auto newest = std::ranges::find_if(of_source.rbegin(), of_source.rend(), [](const auto& moment) { return repository::is_ordinary(moment.snapshot.kind) && !history::is_adopted(moment.snapshot); });
    if (newest == of_source.rend()) return lacks;
    const auto& snapshot = newest->snapshot;
    for (const auto& failed : snapshot.failed) {
        const bool is_database = std::ranges::find(snapshot.source.paths, failed.path) != snapshot.source.paths.end();
        if (!is_database) lacks.push_back(format("backup #{} is partial: {}", snapshot.number.value, printable(failed.error)));
    }
    return lacks;
}

std::vector<SourceStatus> sources_of(const std::vector<history::Moment>& moments, const LoadedSettings& loaded, Timestamp now) {
    std::map<std::string, std::vector<history::Moment>> by_id;
    for (const auto& moment : moments) {
        if (!moment.notes.forgotten) by_id[to_hex(moment.snapshot.source.id)].push_back(moment);
    }
    std::vector<SourceStatus> sources;
    for (const auto& [id, of_source] : by_id) {
        const FoundDamaged found(of_source);
        SourceStatus source;
        for (const auto& moment : of_source) add_to(source, moment, {.found = found, .loaded = loaded, .now = now});
        for (const auto* moment : found.newest()) source.found_damaged.push_back(moment->snapshot.number.value);
        if (!found.newest().empty()) source.damaged_since = found.newest().front()->snapshot.time;
        if (!found.newest().empty()) source.missed.push_back(found.in_words());
        std::ranges::move(lacks_of_newest(of_source), std::back_inserter(source.missed));
        const auto age_of = [&](Timestamp time) { return std::max<std::int64_t>(0, (now.nanoseconds - time.nanoseconds) / nanoseconds_per_second); };
        if (const auto seen = source.last_confirmed) source.age_s = age_of(*seen);
        if (const auto proven = source.proven_at) source.proven_age_s = age_of(*proven);
        sources.push_back(std::move(source));
    }
    std::ranges::sort(sources, {}, &SourceStatus::name);
    return sources;
}

// What is said by flags holds for every source and scenario.
Result<StatusTargets> targets_meant(const StatusRequest& request, StatusTargets targets) {
    if (!request.rpo.empty()) {
        targets.rpo_s = TRY(parse_duration_s(request.rpo));
        targets.rpo_of.clear();
    }
    if (!request.rto.empty()) {
        targets.rto_s = TRY(parse_duration_s(request.rto));
        targets.rto_of.clear();
    }
    if (!request.proof.empty()) targets.proof_s = TRY(parse_duration_s(request.proof));
    return targets;
}

std::string in_words(std::int64_t seconds) { return human_duration_ms(static_cast<double>(seconds) * 1000); }

std::int64_t otherwise(std::int64_t usual, const std::map<std::string, std::int64_t>& special, const std::string& key) {
    const auto at = special.find(key);
    return at == special.end() ? usual : at->second;
}

std::vector<std::string> missed_by(const SourceStatus& source, const StatusTargets& all) {
    auto targets = all;
    targets.rpo_s = otherwise(all.rpo_s, all.rpo_of, source.name);
    targets.rto_s = otherwise(all.rto_s, all.rto_of, source.last_scenario);
    std::vector<std::string> missed;
    if (targets.rpo_s > 0 && !source.age_s) {
        missed.push_back(source.last_backup ? "the last backup states a time in the future, and its age is not known (RPO): holdfast backup"
                                            : "there is no backup that is whole and undamaged");
    }
    if (targets.rpo_s > 0 && source.age_s.value_or(0) > targets.rpo_s) {
        missed.push_back(format("the last backup is {} old, and {} may be lost (RPO): holdfast backup", in_words(*source.age_s), in_words(targets.rpo_s)));
    }
    if (targets.rto_s > 0 && source.restore_takes_ms.value_or(0) > static_cast<double>(targets.rto_s) * 1000) {
        missed.push_back(format("a restore took {}, and may take {} (RTO)", human_duration_ms(*source.restore_takes_ms), in_words(targets.rto_s)));
    }
    if (!source.skew.empty()) missed.push_back(format("backup #{} is not of one moment: {}", source.last_number, printable(source.skew)));
    for (const auto& one : source.unmet) missed.push_back(format("backup #{} does not hold what is expected: {}", source.last_number, one));
    if (source.has_loss) missed.push_back(format("if that loss is right: {}", accepting_command({source.last_number})));
    if (source.last_drill.ends_with("failed")) missed.push_back("the last drill failed: holdfast drill tells why");
    if (targets.proof_s > 0 && source.proven_age_s.value_or(targets.proof_s + 1) > targets.proof_s) {
        missed.push_back(source.proven_age_s ? format("the newest proven backup is {} old, and may be {}: holdfast drill", in_words(*source.proven_age_s), in_words(targets.proof_s))
                                             : std::string("no backup is proven: holdfast drill"));
    }
    return missed;
}

// What lies on other machines cannot be seen from here.
void tell_unfinished(Context& context, const std::vector<history::Moment>& moments, StatusReport& report) {
    for (auto& source : report.sources) {
        const auto newest = std::ranges::find_if(moments.rbegin(), moments.rend(), [&](const history::Moment& moment) { return to_hex(moment.snapshot.source.id) == source.id; });
        if (newest == moments.rend() || newest->snapshot.source.machine != host::this_machine()) continue;
        for (const auto& seen : unfinished_restores(context, source.paths)) {
            if (seen.is_harmless()) report.warnings.push_back(printable(source.name) + ": " + seen.in_words());
            else source.interrupted.push_back(seen.in_words());
        }
        source.missed.insert(source.missed.end(), source.interrupted.begin(), source.interrupted.end());
    }
}

void judge(StatusReport& report, const StatusTargets& targets) {
    if (report.sources.empty() && targets.rpo_s > 0) report.missed.push_back("there is no backup at all (RPO): holdfast backup");
    for (auto& source : report.sources) {
        std::ranges::move(missed_by(source, targets), std::back_inserter(source.missed));
        for (const auto number : source.of_future) {
            report.warnings.push_back(format("{}: backup #{} states a time in the future: nobody knows how old it is, and retention keeps it as the newest; "
                                             "was the clock wrong, or the file it was adopted from? holdfast show {}; holdfast forget {}", printable(source.name), number, number, number));
        }
        if (source.is_to_be_looked_at) {
            report.warnings.push_back(format("{}: nobody has looked whether backup #{} holds what the settings expect, as whoever made it was stopped, or the settings are newer: "
                                             "holdfast verify {} --level opened; the next backup does", printable(source.name), source.last_number, source.last_number));
        }
        for (const auto& one : source.missed) report.missed.push_back(printable(source.name) + ": " + one);
    }
}

// What could be gained is looked for only when it is needed: it costs a look at all that the repository holds.
void judge_room(StatusReport& report, const StatusTargets& targets, const std::function<RoomToGain()>& gain) {
    if (report.free_bytes >= std::max(targets.min_free, targets.space_warn)) return;
    const bool is_too_little = report.free_bytes < targets.min_free;
    report.too_little_room = is_too_little;
    report.gain = gain();
    (is_too_little ? report.missed : report.warnings)
        .push_back(format("{} of room are left for the repository, less than {}{}", human_bytes(report.free_bytes),
                          human_bytes(is_too_little ? targets.min_free : targets.space_warn), report.gain->in_words()));
}

// Room is short on a full disk whether or not anybody has written settings.
StatusTargets with_room(StatusTargets targets, const LoadedSettings& loaded, const std::vector<SourceStatus>& sources) {
    if (loaded.is_there() || targets.space_warn > 0 || targets.min_free > 0) return targets;
    std::uint64_t largest = 0;
    for (const auto& source : sources) largest = std::max(largest, source.logical_bytes);
    const auto wanted = room_wanted(loaded, largest);
    targets.space_warn = wanted.warn;
    targets.min_free = wanted.least;
    return targets;
}

// Numbers claimed and not committed: at work now, or left by a crash.
Result<std::vector<std::string>> unfinished_in(const Repository& repository) {
    std::vector<std::string> unfinished;
    const auto ledger = TRY(repository::read_ledger(repository.store(), repository.keys()));
    for (const auto number : ledger.claims) {
        if (ledger.has_snapshot(number)) continue;
        const auto claim = repository::read_claim(repository.store(), repository.keys(), number);
        if (!claim && claim.error().code() == ErrorCode::not_found) continue;
        if (!claim) {
            unfinished.push_back(format("#{}: left by a power cut", number.value));
            continue;
        }
        const bool is_gone = host::is_alive(claim->process) == host::Alive::no;
        unfinished.push_back(format("#{}: {}{}", number.value, describe(*claim),
                                    is_gone ? ", which died; prune clears it away" : ", at work"));
    }
    return unfinished;
}

Result<std::uint64_t> bytes_in(const Repository& repository) {
    std::uint64_t bytes = 0;
    for (const auto& object : TRY(repository.store().list(""))) bytes += object.size;
    return bytes;
}

void tell_rebuilds(Context& context, const LoadedSettings& loaded, StatusReport& report) {
    for (const auto& [name, source] : loaded.settings.source) {
        for (const auto& one : companions_to_rebuild(loaded, name)) {
            auto last = last_rebuild(context, one);
            if (!last) report.warnings.push_back(format("{}: how the last rebuild of {} went is not known: {}", printable(name), printable(one.companion.path), last.error().message()));
            if (!last || !*last) continue;
            const auto& run = **last;
            if (!run.is_good()) report.missed.push_back(format("{}: the last rebuild of {} {}: {}: {}", printable(name), printable(run.companion), run.state, printable(run.error), rebuild_command(one)));
            report.rebuilds.push_back(std::move(**last));
        }
    }
}

}  // namespace

Result<StatusReport> status_of(Context& context, OpenRepository& opened, const StatusQuestion& question) {
    Repository& repository = opened.get();
    const auto moments = TRY(history::list_moments(repository, {.source = {}, .path = {}, .with_forgotten = true}));

    StatusReport report;
    report.repository = opened.path();
    report.id = repository.config().id.hex();
    report.encrypted = repository.config().sealed;
    report.repository_bytes = TRY(bytes_in(repository));
    report.free_bytes = TRY(context.host.files.free_bytes(opened.path()));
    report.sources = sources_of(moments.moments, question.loaded, context.host.clock.now());
    tell_unfinished(context, moments.moments, report);
    judge(report, question.targets);
    auto missing = missing_databases(context, question.loaded, moments.moments);
    std::ranges::move(missing.missed, std::back_inserter(report.missed));
    std::ranges::move(missing.warnings, std::back_inserter(report.warnings));
    tell_rebuilds(context, question.loaded, report);
    judge_room(report, with_room(question.targets, question.loaded, report.sources), [&] { return room_to_gain(context, repository, question.policies); });
    report.forgotten = static_cast<std::uint64_t>(
        std::ranges::count_if(moments.moments, [](const history::Moment& moment) { return moment.notes.forgotten; }));
    report.unfinished = TRY(unfinished_in(repository));
    for (const auto& [number, why] : moments.damaged) report.damage.push_back(why.text());
    for (const auto& why : moments.note_damage) report.damage.push_back(why.text());
    return report;
}

Result<StatusReport> status(Context& context, const StatusRequest& request) {
    const auto loaded = TRY(load_settings(context, request.repository.settings));
    const auto targets = TRY(targets_meant(request, request.targets.is_any() ? request.targets : targets_of(loaded)));
    const auto policies = TRY(policies_of(loaded.settings));
    const auto opened = TRY(open_repository(context, request.repository, {}));
    return status_of(context, *opened, {.loaded = loaded, .targets = targets, .policies = policies});
}

}  // namespace holdfast::operations
