// status: each source's last backup, its newest proven moment, how long a restore takes, and what is missed of the targets.
#pragma once

#include <map>

#include "holdfast/operations/context.h"
#include "holdfast/operations/rebuild.h"
#include "holdfast/operations/room_to_gain.h"

namespace holdfast::operations {

class OpenRepository;
struct LoadedSettings;

// What may be lost, how long a restore may take, how old a proof may be, how little room may be left; 0: no target.
struct StatusTargets {
    std::int64_t rpo_s = 0, rto_s = 0, proof_s = 0;
    std::uint64_t space_warn = 0, min_free = 0;
    std::map<std::string, std::int64_t> rpo_of = {}, rto_of = {};  // otherwise for a source, by name; for a scenario
    bool is_any() const { return rpo_s > 0 || rto_s > 0 || proof_s > 0 || space_warn > 0 || min_free > 0; }
};
struct StatusRequest {
    RepositoryRequest repository;
    std::string rpo, rto, proof;
    StatusTargets targets;                    // what is said above goes before, and before the settings'
    static OperationText operation() {
        return {.name = "status",
                .sentence = "Each source: last backup, newest proven backup, how long a restore takes, and what is missed.",
                .details = "Last confirmed is when the source was last known to be as a backup holds it: what has come since would be lost (RPO). Proven is "
                           "what was restored by a drill, or verified at level opened. Exit code 12: a target is missed, or too little room is left; what is "
                           "missed is named: also that the newest backups were found damaged; what the last backup should hold and does not, until it does again or holdfast annotate --accept-loss accepts it; also a database of the settings that is in no backup, or gone from disk; also a restore in place that was interrupted, with the command that ends it. Of one that the settings do not name, that is a warning. Without settings room is judged by the databases: a warning when less is free than the largest has and 64 MiB, too little below 8 MiB.",
                .examples = {{"holdfast status --json", "for a monitor"}, {"holdfast status --rpo 1h --rto 10m", "with targets; exit code 12 when one is missed"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(rpo, {.name = "rpo", .sentence = "So much may be lost: the newest backup that is not known to be bad may be so old.", .value = "DURATION"});
        visit(rto, {.name = "rto", .sentence = "So long may a restore take, by the last drill.", .value = "DURATION"});
        visit(proof, {.name = "proof", .sentence = "So old may the newest proven backup be.", .value = "DURATION"});
        repository.describe(visit);
    }
};
struct SourceStatus {
    std::string name, id, last_verified, last_drill, last_scenario;
    std::vector<std::string> paths, missed, interrupted;
    std::uint64_t backups = 0, last_number = 0, proven_number = 0, logical_bytes = 0, bytes_stored = 0;
    std::optional<Timestamp> last_backup, last_confirmed, last_verified_at, proven_at, drilled_at;
    std::optional<std::int64_t> age_s, proven_age_s;
    std::optional<double> restore_takes_ms;
    std::vector<std::uint64_t> found_damaged;  // at the new end of the past; nothing newer is proven
    std::optional<Timestamp> damaged_since;
    std::vector<std::uint64_t> of_future;  // what states a time that has not come by, or had not when it was adopted
    bool is_last_misdated = false;         // only such a one is there
    std::vector<std::string> unmet;        // of the last backup
    bool is_to_be_looked_at = false;       // nobody has looked what does not hold in it
    std::string skew;                      // of the last backup
    bool has_loss = false;                 // among it
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "Name.");
        visit("id", id, "Id.");
        visit("paths", paths, "Databases.");
        visit("backups", backups, "How many backups.");
        visit("last_number", last_number, "Number of the last that lacks nothing and is not known to be damaged; 0: there is none.");
        visit("last_backup", last_backup, "Its time.");
        visit("last_confirmed", last_confirmed, "When the source was last known to be as a backup holds it.");
        visit("age_s", age_s, "Seconds since then: what has come meanwhile would be lost (RPO).");
        visit("proven_number", proven_number, "Number of the newest that passed a drill or verification at level opened; 0: there is none.");
        visit("proven_at", proven_at, "Its time, or when the source was last seen to be as it holds it.");
        visit("proven_age_s", proven_age_s, "Seconds since then.");
        visit("last_verified", last_verified, "The newest backup that was verified: its number, the level, and good or damage found.");
        visit("last_verified_at", last_verified_at, "When that was.");
        visit("last_drill", last_drill, "The last drill: its number, the scenario, and whether it passed.");
        visit("last_scenario", last_scenario, "What was rehearsed.");
        visit("drilled_at", drilled_at, "When that was.");
        visit("restore_takes_ms", restore_takes_ms, "How long it took until the database was usable (RTO).");
        visit("found_damaged", found_damaged, "The newest backups that were found damaged, with nothing newer that is proven: ascending.");
        visit("damaged_since", damaged_since, "The time of the oldest of them.");
        visit("of_future", of_future, "Backups whose times are in the future, or were when they were adopted: no age is counted from them.");
        visit("missed", missed, "Which targets are missed.");
        visit("interrupted", interrupted, "Restores in place that were interrupted, with what ends them: what is there now may be of two moments.");
        visit("skew", skew, "Why the last backup is not of one moment; empty: it is.");
        visit("unmet", unmet, "What does not hold in the last backup, of what is expected, and was not accepted.");
        visit("is_to_be_looked_at", is_to_be_looked_at, "Nobody has looked yet whether the last backup holds what the settings expect.");
        visit("logical_bytes", logical_bytes, "Size of the databases at the last backup.");
        visit("bytes_stored", bytes_stored, "Bytes its backups added when they were made; prune may have freed some since.");
    }
};
struct StatusReport {
    std::string repository, id;
    bool encrypted = false, too_little_room = false;
    std::uint64_t repository_bytes = 0, free_bytes = 0, forgotten = 0;
    std::vector<SourceStatus> sources;
    std::optional<RoomToGain> gain;
    std::vector<RebuildRun> rebuilds;
    std::vector<std::string> missed, warnings, damage, unfinished;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "Path.");
        visit("id", id, "Id.");
        visit("encrypted", encrypted, "Whether it is sealed.");
        visit("repository_bytes", repository_bytes, "Its size.");
        visit("free_bytes", free_bytes, "Room left on its file system.");
        visit("too_little_room", too_little_room, "That is less than min_free.");
        visit("gain", gain, "What forget --policy and prune would free; told when less than space_warn is left.");
        visit("sources", sources, "Each source.");
        visit("rebuilds", rebuilds, "How the last rebuild of each companion of the settings goes, or went.");
        visit("missed", missed, "All targets that are missed, databases of the settings that are in no backup or gone, rebuilds that failed, and too little room: exit code 12 when there are any.");
        visit("warnings", warnings, "What will soon be missed.");
        visit("forgotten", forgotten, "Forgotten backups that prune has not dropped.");
        visit("unfinished", unfinished, "Backups running now, or left by a crash.");
        visit("damage", damage, "What cannot be read.");
    }
};
Result<StatusReport> status(Context& context, const StatusRequest& request);

// The same of a repository that is open already. `policies`: for what forget --policy would gain.
struct StatusQuestion {
    const LoadedSettings& loaded;
    const StatusTargets& targets;
    const Policies& policies;
};
Result<StatusReport> status_of(Context& context, OpenRepository& opened, const StatusQuestion& question);

}  // namespace holdfast::operations
