// forget, recall, prune: dropping backups, reversibly, and freeing their space.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct ForgetRequest {
    RepositoryRequest repository;
    std::vector<std::string> snapshots;
    bool dry_run = false;
    static OperationText operation() {
        return {.name = "forget",
                .sentence = "Drop backups from the list; prune frees their space later.",
                .examples = {{"holdfast forget 12 13", ""}, {"holdfast recall 12", "bring one back before prune"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshots, {.name = "snapshot", .sentence = "Which backups.", .value = "SNAPSHOT", .positional = true, .required = true});
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
struct ForgetReport {
    std::vector<std::uint64_t> numbers;
    bool dry_run = false, recalled = false;
    std::string advice;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("numbers", numbers, "The backups.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("recalled", recalled, "They are in the list again; else they were forgotten.");
        visit("advice", advice, "What comes next.");
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
