// log: the audit log shown, and proven.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct LogRequest {
    RepositoryRequest repository;
    std::uint64_t last = 20;
    std::string event, since, source, file;
    bool verify = false;

    static OperationText operation() {
        return {.name = "log",
                .sentence = "Show what was done with backups and keys, by the audit log.",
                .details = "Each user of a machine has a log of its own for each repository, in the state folder ($XDG_STATE_HOME or ~/.local/state, then "
                           "holdfast/audit). Each entry holds the hash of the line before; backups and notes hold the log's head as it was before "
                           "their own entry. --verify checks both: lines that were changed, removed, reordered or put in, a tail that was cut, and a log "
                           "that was replaced are told with their line, and end with exit code 4. An entry is written when "
                           "an operation has ended: backups of this machine that are in none, as what made them was killed, are told, and are no damage. "
                           "What was appended after the last backup or note is proven "
                           "by its own chain and by the head beside the log (its name and .head) only: whoever changes the log and that file together, after the last "
                           "backup, is not found out. Let a log that has to withstand its own user be copied elsewhere.",
                .examples = {{"holdfast log", "the newest 20 entries"},
                             {"holdfast log --event restore --since '7 days ago'", "the restores of a week"},
                             {"holdfast log --verify", "prove that nothing was removed or changed"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(last, {.name = "last", .sentence = "At most so many, the newest; 0: all.", .value = "N", .letter = 'n'});
        visit(event, {.name = "event", .sentence = "Only this event: backup, restore, forget, recall, prune, verify, init, unlock, ...", .value = "EVENT"});
        visit(since, {.name = "since", .sentence = "Not before this time (RFC 3339, local time, '2 hours ago').", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Only of this source.", .value = "NAME"});
        visit(verify, {.name = "verify", .sentence = "Check every entry, and the log against what the repository knows of it."});
        visit(file, {.name = "file", .sentence = "This log, instead of the repository's own.", .value = "FILE"});
        repository.describe(visit);
    }
};
struct LoggedEntry {
    std::uint64_t sequence = 0;
    Timestamp time;
    std::string event, source, outcome, code, message, program, user, host;
    std::vector<std::uint64_t> numbers;
    double duration_ms = 0;
    std::vector<std::string> details;  // "key=value"
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("sequence", sequence, "Its place in the log.");
        visit("time", time, "When it had ended.");
        visit("event", event, "What was done.");
        visit("source", source, "The source concerned.");
        visit("numbers", numbers, "The backups concerned.");
        visit("outcome", outcome, "done, partial or failed.");
        visit("code", code, "Of the error.");
        visit("message", message, "What the error said.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("details", details, "What else was noted.");
        visit("program", program, "What made the entry.");
        visit("user", user, "Who, when the settings ask for it.");
        visit("host", host, "Where, when the settings ask for it.");
    }
};
struct LogFinding {
    std::uint64_t line = 0;
    std::string what;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("line", line, "Line of the file; 0: of no line.");
        visit("what", what, "What is wrong with it.");
    }
};
struct LogReport {
    std::string file, log;
    bool verified = false, good = true;
    std::uint64_t entries_in_all = 0, heads_matched = 0;
    std::vector<LoggedEntry> entries;
    std::vector<LogFinding> damage, remarks;
    std::vector<std::uint64_t> unlogged;
    std::vector<std::string> other_logs, warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("file", file, "The log.");
        visit("log", log, "Its id; empty: it has no entry.");
        visit("entries", entries, "Entries, oldest first.");
        visit("entries_in_all", entries_in_all, "Entries that the log has.");
        visit("verified", verified, "Whether it was checked.");
        visit("good", good, "Nothing is wrong with it, as far as it was checked.");
        visit("damage", damage, "What is wrong with it.");
        visit("remarks", remarks, "Lines torn by a power cut, of which the log itself tells.");
        visit("heads_matched", heads_matched, "Heads in backups and notes, and beside the log, that agree with it.");
        visit("unlogged", unlogged, "With --verify: backups made by this machine that are in no entry, as what made them was killed. No damage of the log.");
        visit("other_logs", other_logs, "Logs of other machines, users or places that backups and notes know.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<LogReport> show_log(Context& context, const LogRequest& request);

}  // namespace holdfast::operations
