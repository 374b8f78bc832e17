// hold, unhold, annotate: backups that nobody may forget, and words about backups that can be put right later.
#pragma once

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct HoldRequest {
    RepositoryRequest repository;
    std::vector<std::string> snapshots;
    std::string reason;
    static OperationText operation() {
        return {.name = "hold",
                .sentence = "Hold backups: neither a person nor a policy forgets them, until they are let go by unhold.",
                .examples = {{"holdfast hold 12 --reason 'audit of May'", ""}, {"holdfast list --held", "which are held, and why"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshots, {.name = "snapshot", .sentence = "Which backups.", .value = "SNAPSHOT", .positional = true, .required = true});
        visit(reason, {.name = "reason", .sentence = "Why.", .value = "TEXT"});
        repository.describe(visit);
    }
};
struct UnholdRequest {
    RepositoryRequest repository;
    std::vector<std::string> snapshots;
    static OperationText operation() {
        return {.name = "unhold", .sentence = "Let held backups go: they can be forgotten again.", .examples = {{"holdfast unhold 12", ""}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshots, {.name = "snapshot", .sentence = "Which backups.", .value = "SNAPSHOT", .positional = true, .required = true});
        repository.describe(visit);
    }
};
struct HoldReport {
    std::vector<std::uint64_t> numbers;
    bool held = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("numbers", numbers, "The backups.");
        visit("held", held, "They are held now; else they are no longer.");
    }
};
Result<HoldReport> hold(Context& context, const HoldRequest& request);
Result<HoldReport> unhold(Context& context, const UnholdRequest& request);

struct AnnotateRequest {
    RepositoryRequest repository;
    std::string snapshot;
    std::string comment;
    std::vector<std::string> add_tags, remove_tags;
    bool accept_loss = false;
    static OperationText operation() {
        return {.name = "annotate",
                .sentence = "Change the comment and the tags of a backup, or accept what it has lost.",
                .details = "The backup itself is never changed: the new words are kept beside it. A backup with fewer rows than the settings allow, or with a database that was "
                           "emptied, is told of, and so is every one after it, and none of them is what the next is compared with: until the rows are back, or --accept-loss says that "
                           "it is right as it is.",
                .examples = {{"holdfast annotate 12 --comment 'the last one with the old schema'", ""},
                             {"holdfast annotate latest --accept-loss", "the rows were deleted on purpose"},
                             {"holdfast annotate 12 --add-tag archive --remove-tag draft", ""}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup.", .value = "SNAPSHOT", .positional = true, .required = true});
        visit(comment, {.name = "comment", .sentence = "The new comment.", .value = "TEXT", .letter = 'c'});
        visit(add_tags, {.name = "add-tag", .sentence = "A tag to add, KEY or KEY=VALUE; one with the same key is replaced.", .value = "TAG"});
        visit(remove_tags, {.name = "remove-tag", .sentence = "A tag to remove: KEY, or KEY=VALUE for just that value.", .value = "TAG"});
        visit(accept_loss, {.name = "accept-loss", .sentence = "What the backup has lost, by what the settings expect, is right: later ones are compared with it."});
        repository.describe(visit);
    }
};
struct AnnotateReport {
    std::uint64_t number = 0;
    bool loss_accepted = false;
    std::string comment;
    std::vector<std::string> tags, warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup.");
        visit("comment", comment, "Its comment now.");
        visit("tags", tags, "Its tags now.");
        visit("loss_accepted", loss_accepted, "What it has lost is taken for right.");
        visit("warnings", warnings, "What to know besides.");
    }
};
Result<AnnotateReport> annotate(Context& context, const AnnotateRequest& request);

}  // namespace holdfast::operations
