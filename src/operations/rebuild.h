// rebuild: files and folders that belong with a database built again, as the settings say.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct RebuildRequest {
    std::vector<std::string> companions;
    std::string source;
    bool background = false;
    SettingsRequest settings;

    static OperationText operation() {
        return {.name = "rebuild",
                .sentence = "Build files and folders that belong with a database again.",
                .details = "How is said by the settings: rebuild = { command = ... } or { post = ... } of [[source.NAME.companions]]. Without COMPANION all that have one are built. "
                           "A restore in place does it by itself for those that are not kept (keep = \"rebuild\"), and for those that disagree with the database. holdfast status tells how the last one "
                           "went, also of one in the background. Exit code 3: one failed.",
                .examples = {{"holdfast rebuild", "all, one after another"},
                             {"holdfast rebuild data/search-index", "this one"},
                             {"holdfast rebuild --source app --background", "without waiting; holdfast status tells how it goes"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(companions, {.name = "companion", .sentence = "Only these, by their paths.", .value = "COMPANION", .positional = true});
        visit(source, {.name = "source", .sentence = "Of this source of the settings alone.", .value = "NAME"});
        visit(background, {.name = "background", .sentence = "Do not wait for them."});
        settings.describe(visit);
    }
};
struct RebuildRun {
    std::string source, companion, state, how, error, output;
    std::optional<Timestamp> started, ended;
    bool is_good() const { return state == "done" || state == "running"; }
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source.");
        visit("companion", companion, "The file or folder that is built.");
        visit("state", state, "running, done, failed, or died: it ended without telling how.");
        visit("how", how, "The command's first word, or the address's host.");
        visit("started", started, "When it was begun.");
        visit("ended", ended, "When it ended.");
        visit("error", error, "Why it failed.");
        visit("output", output, "The end of what it printed, or answered; secrets are removed.");
    }
};
struct RebuildReport {
    bool unmet = false;
    std::vector<RebuildRun> rebuilds;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("unmet", unmet, "One failed: exit code 3.");
        visit("rebuilds", rebuilds, "Each of them.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<RebuildReport> rebuild(Context& context, const RebuildRequest& request);

}  // namespace holdfast::operations
