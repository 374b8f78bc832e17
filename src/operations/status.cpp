#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/operations/list.h"
#include "holdfast/operations/listed_backup.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/ledger.h"

namespace holdfast::operations {

namespace {

using repository::Repository;

// What one more backup, in ascending order, says about its source. Safety backups take space and say no more.
void add_to(SourceStatus& source, const history::Moment& moment) {
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
    const bool counts = repository::is_ordinary(snapshot.kind) && !moment.is_bad() && !snapshot.partial;
    if (!counts) return;
    source.last_number = snapshot.number.value;
    source.last_backup = snapshot.time;
    const Timestamp confirmed = std::max(snapshot.time, moment.notes.last_seen.value_or(snapshot.time));
    source.last_confirmed = std::max(source.last_confirmed.value_or(confirmed), confirmed);
    source.logical_bytes = snapshot.statistics.logical_bytes;
}

std::vector<SourceStatus> sources_of(const std::vector<history::Moment>& moments, Timestamp now) {
    std::map<std::string, SourceStatus> by_id;
    for (const auto& moment : moments) {
        if (!moment.notes.forgotten) add_to(by_id[to_hex(moment.snapshot.source.id)], moment);
    }
    std::vector<SourceStatus> sources;
    for (auto& [id, source] : by_id) {
        if (const auto seen = source.last_confirmed) source.age_s = (now.nanoseconds - seen->nanoseconds) / nanoseconds_per_second;
        sources.push_back(std::move(source));
    }
    std::ranges::sort(sources, {}, &SourceStatus::name);
    return sources;
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

}  // namespace

Result<StatusReport> status(Context& context, const StatusRequest& request) {
    const auto opened = TRY(open_repository(context, request.repository, {}));
    Repository& repository = opened->get();
    const auto moments = TRY(history::list_moments(repository, {.source = {}, .path = {}, .with_forgotten = true}));

    StatusReport report;
    report.repository = opened->path();
    report.id = repository.config().id.hex();
    report.encrypted = repository.config().sealed;
    report.repository_bytes = TRY(bytes_in(repository));
    report.free_bytes = TRY(context.host.files.free_bytes(opened->path()));
    report.sources = sources_of(moments.moments, context.host.clock.now());
    report.forgotten = static_cast<std::uint64_t>(
        std::ranges::count_if(moments.moments, [](const history::Moment& moment) { return moment.notes.forgotten; }));
    report.unfinished = TRY(unfinished_in(repository));
    for (const auto& [number, why] : moments.damaged) report.damage.push_back(why.text());
    for (const auto& why : moments.note_damage) report.damage.push_back(why.text());
    return report;
}

}  // namespace holdfast::operations
