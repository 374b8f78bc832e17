// PurposeRequest: why a backup is made: its kind, the operation it goes before, its comment and its tags.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

// The part of a request to back up that says why. Which kind: as said; else automatic when an operation is named; else manual.
struct PurposeRequest {
    std::string kind;
    std::string operation;
    std::string comment;
    std::vector<std::string> tags;
    std::vector<std::string> source_tags;  // of the settings: every backup of the source has them
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(comment, {.name = "comment", .sentence = "Why this backup was made.", .value = "TEXT", .letter = 'c'});
        visit(tags, {.name = "tag", .sentence = "A tag, KEY or KEY=VALUE; may be repeated.", .value = "TAG"});
        visit(operation, {.name = "operation", .sentence = "What it is made before, or by (a migration, a schedule): makes it automatic.", .value = "NAME"});
        visit(kind, {.name = "kind", .sentence = "manual (kept until somebody forgets it) or automatic (forgotten by the retention policy). Default: manual, and automatic with --operation.", .value = "KIND"});
    }
};

}  // namespace holdfast::operations
