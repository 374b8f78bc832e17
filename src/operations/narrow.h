// NarrowRequest: which backups may be chosen, by why they were made.
#pragma once

#include <string>
#include <vector>

namespace holdfast::operations {

// The part of a request that leaves only backups of one kind, operation or tag to choose from.
struct NarrowRequest {
    std::string kind;
    std::string operation;
    std::vector<std::string> tags;
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(kind, {.name = "kind", .sentence = "Only manual, automatic or safety backups.", .value = "KIND"});
        visit(operation, {.name = "operation", .sentence = "Only backups made before, or by, this operation.", .value = "NAME"});
        visit(tags, {.name = "tag", .sentence = "Only backups with this tag (KEY or KEY=VALUE); repeated: with all of them.", .value = "TAG"});
    }
};

}  // namespace holdfast::operations
