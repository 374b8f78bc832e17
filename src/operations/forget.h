// forget, recall, prune: dropping backups, reversibly, and freeing their space.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/keep_request.h"
#include "holdfast/operations/narrow.h"

namespace holdfast::operations {

struct ForgetRequest {
    RepositoryRequest repository;
    std::vector<std::string> snapshots;
    bool policy = false;
    KeepRequest keep;
    NarrowRequest narrow;
    std::string source;
    bool remove_all = false;
    bool dry_run = false;
    static OperationText operation() {
        return {.name = "forget",
                .sentence = "Drop backups from the list, by number or by a rule; prune frees their space later.",
                .details = "With --policy each source's retention policy is applied, as after each backup. With a --keep flag one rule is applied once instead, to "
                           "the backups of each source that --kind, --operation and --tag leave: without them to manual and automatic ones together. Rules "
                           "hold side by side: a backup stays when one of them keeps it. Held backups stay, and so do the last verified one, the last one that SQLite has opened, and, by the policy, the oldest while it has opened none. "
                           "Those that are named go, and what they protected is told; the last whole backup of a source only with --unsafe-allow-remove-all. "
                           "What a guard at work may go back to stays.",
                .examples = {{"holdfast forget 12 13", ""},
                             {"holdfast forget --policy --dry-run", "each backup, with the reasons why it stays or goes"},
                             {"holdfast forget --kind automatic --keep-last 5", "keep five automatic ones, this once"},
                             {"holdfast recall 12", "bring one back before prune"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshots, {.name = "snapshot", .sentence = "Which backups.", .value = "SNAPSHOT", .positional = true});
        visit(policy, {.name = "policy", .sentence = "Those that the retention policy does not keep."});
        keep.describe(visit);
        narrow.describe(visit);
        visit(source, {.name = "source", .sentence = "Only of this source (name, id or a database's path).", .value = "NAME"});
        visit(remove_all, {.name = "unsafe-allow-remove-all", .sentence = "All that --kind, --operation, --tag or --source leave, but for held ones; with SNAPSHOT: also when no whole backup of a source stays."});
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be forgotten; change nothing.", .letter = 'n'});
        repository.describe(visit);
    }
};
struct RecallRequest {
    RepositoryRequest repository;
    std::vector<std::string> snapshots;
    static OperationText operation() {
        return {.name = "recall", .sentence = "Bring forgotten backups back, until prune has dropped them.", .examples = {{"holdfast recall 12", ""}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshots, {.name = "snapshot", .sentence = "Which backups.", .value = "SNAPSHOT", .positional = true, .required = true});
        repository.describe(visit);
    }
};
// What a rule says of one backup.
struct RetentionVerdict {
    std::uint64_t number = 0;
    Timestamp time;
    std::string local_time, source, kind;
    bool kept = false;
    std::vector<std::string> reasons;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "Number.");
        visit("time", time, "The moment it holds.");
        visit("local_time", local_time, "The same in the policy's time zone, whose days count.");
        visit("source", source, "Source.");
        visit("kind", kind, "manual, automatic or safety.");
        visit("kept", kept, "It stays; else it goes.");
        visit("reasons", reasons, "Why.");
    }
};
struct ForgetReport {
    std::vector<std::uint64_t> numbers;
    bool dry_run = false, recalled = false, by_rule = false;
    std::string advice, time_zone;
    std::vector<RetentionVerdict> verdicts;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("numbers", numbers, "The backups.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("recalled", recalled, "They are in the list again; else they were forgotten.");
        visit("by_rule", by_rule, "A policy or rule chose them.");
        visit("time_zone", time_zone, "The zone whose days the rule counts.");
        visit("verdicts", verdicts, "What the rule says of each backup: sources by their last use, each newest first.");
        visit("advice", advice, "What comes next.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<ForgetReport> forget(Context& context, const ForgetRequest& request);
Result<ForgetReport> recall(Context& context, const RecallRequest& request);

struct PruneRequest {
    RepositoryRequest repository;
    bool dry_run = false;
    std::string grace = "24h";
    std::uint64_t wait_s = 10;
    static OperationText operation() {
        return {.name = "prune",
                .sentence = "Free the space of forgotten backups.",
                .details = "Backups forgotten less than the grace time ago stay, and can be recalled. Safe beside running backups and restores; what they may "
                           "still need is freed by the next prune.",
                .examples = {{"holdfast prune --dry-run", "what would be freed"}, {"holdfast prune --grace 0", "drop everything forgotten now"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would be freed; change nothing.", .letter = 'n'});
        visit(grace, {.name = "grace", .sentence = "How long a forgotten backup can still be recalled (0, 90m, 24h, 7d).", .value = "DURATION"});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for running backups before leaving to the next prune what they may need.", .value = "SECONDS"});
        repository.describe(visit);
    }
};
struct PruneReport {
    bool dry_run = false;
    std::vector<std::uint64_t> dropped;
    std::uint64_t in_grace = 0, packs_removed = 0, packs_repacked = 0, bytes_freed = 0, bytes_waiting = 0, bytes_kept = 0, sessions_voided = 0;
    std::vector<std::string> waiting_for;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("dropped", dropped, "Backups dropped for good.");
        visit("in_grace", in_grace, "Forgotten backups that can still be recalled.");
        visit("packs_removed", packs_removed, "Packs removed.");
        visit("packs_repacked", packs_repacked, "Packs whose live part was written again.");
        visit("bytes_freed", bytes_freed, "Bytes freed.");
        visit("bytes_kept", bytes_kept, "Bytes kept.");
        visit("bytes_waiting", bytes_waiting, "Bytes that running backups or restores hold back.");
        visit("waiting_for", waiting_for, "Who they are.");
        visit("sessions_voided", sessions_voided, "Backups that had died and were cleared away.");
        visit("duration_ms", duration_ms, "How long it took.");
    }
};
Result<PruneReport> prune(Context& context, const PruneRequest& request);

}  // namespace holdfast::operations
