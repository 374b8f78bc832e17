#include "holdfast/operations/rebuild_companion.h"

#include <algorithm>

#include "holdfast/base/hash.h"
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/redact.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/lock_when_free.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/host/run_program.h"
#include "holdfast/operations/own_program.h"
#include "holdfast/operations/run_hook.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/state_file.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view state_name = "rebuilds";

std::string id_of(const CompanionToRebuild& what) {
    const std::string all = what.loaded.file + '\0' + what.source + '\0' + what.companion.path;
    return sha256(bytes_of(all)).hex();
}
std::string path_of(const CompanionToRebuild& what) {
    return host::join_path(host::join_path(host::state_folder(), std::string(state_name)), id_of(what) + ".json");
}

// With who is at it, so that one that was killed is known.
void remember(Context& context, const CompanionToRebuild& what, RebuildDone& done) {
    const auto& run = done.run;
    const auto nanoseconds = [](const std::optional<Timestamp>& time) { return Json(time ? time->nanoseconds : 0); };
    Json json;
    json.set("source", run.source).set("companion", run.companion).set("settings", what.loaded.file).set("state", run.state).set("how", run.how);
    json.set("process", host::this_process().text()).set("started", nanoseconds(run.started)).set("ended", nanoseconds(run.ended));
    const auto kept = keep_state(context, path_of(what), json.set("error", run.error).set("output", run.output));
    if (!kept) done.warnings.push_back("holdfast status will not tell of this rebuild: " + kept.error().message());
}

RebuildDone begun(Context& context, const CompanionToRebuild& what) {
    RebuildDone done;
    done.run.source = what.source;
    done.run.companion = what.companion.path;
    done.run.state = "running";
    done.run.how = word_for(rebuild_hook(what.loaded, *what.companion.rebuild));
    done.run.started = context.host.clock.now();
    return done;
}

RebuildDone failed(RebuildDone done, const Error& why) {
    done.run.state = "failed";
    done.run.error = why.text();
    return done;
}

// Until it tells of itself: who looks then does not find that this process, which began it, is no more.
bool has_begun(Context& context, const CompanionToRebuild& what) {
    constexpr std::int64_t wait_ms = 10'000, look_every_ms = 10;
    const std::string own = host::this_process().text();
    for (std::int64_t waited_ms = 0; waited_ms < wait_ms; waited_ms += look_every_ms) {
        const auto json = read_state(context, path_of(what), "");
        if (!json || !*json) return true;  // it cannot be told
        if (text_in_state(**json, "process") != own) return true;
        context.host.clock.sleep_ms(look_every_ms);
    }
    return false;
}

bool has_died(const std::string& process) {
    const auto identity = host::ProcessIdentity::parse(process);
    return !identity || host::is_alive(*identity) == host::Alive::no;
}

}  // namespace

std::vector<CompanionToRebuild> companions_to_rebuild(const LoadedSettings& loaded, const std::string& source) {
    std::vector<CompanionToRebuild> all;
    const auto* settings = loaded.source(source);
    if (settings == nullptr) return all;
    for (const auto& companion : settings->companions) {
        if (companion.rebuild) all.push_back({.loaded = loaded, .source = source, .companion = companion});
    }
    return all;
}

std::string rebuild_command(const CompanionToRebuild& what) {
    std::string command = format("holdfast rebuild {} --source {} --settings {}", shell_word(what.companion.path), shell_word(what.source), shell_word(what.loaded.file));
    if (!what.loaded.environment.empty()) command += " --environment " + shell_word(what.loaded.environment);
    return command;
}

RebuildDone rebuild_companion(Context& context, const CompanionToRebuild& what, HookFacts facts) {
    auto done = begun(context, what);
    remember(context, what, done);  // also while another one is waited for
    const auto hook = rebuild_hook(what.loaded, *what.companion.rebuild);
    const auto lock = host::lock_when_free(context.host, host::StateLock{.folder = std::string(state_name), .what = id_of(what)}, {.wait_ms = hook.time_limit_ms, .watch = context.watch});
    if (!lock) {
        const bool is_busy = lock.error().code() == ErrorCode::busy;
        done = failed(std::move(done), is_busy ? fail(ErrorCode::busy, "another rebuild of it is running, and does not end") : lock.error().copy());
        remember(context, what, done);
        return done;
    }
    done.run.started = context.host.clock.now();
    remember(context, what, done);
    facts.companion = what.companion.path;
    auto result = run_hook({.hook = hook, .event = "rebuild", .facts = facts, .take_output = true, .stop = context.watch.stop});
    done.run.ended = context.host.clock.now();
    done.run.state = result.failure ? "failed" : "done";
    done.run.output = bundle::redact(result.output).text;
    if (result.failure) done.run.error = result.failure->message();
    remember(context, what, done);
    return done;
}

// A shell in a session of its own starts it and is gone: nobody's terminal, signal or output reaches it any more.
RebuildDone rebuild_in_background(Context& context, const CompanionToRebuild& what) {
    auto done = begun(context, what);
    const auto program = own_program(context);
    if (!program) return failed(std::move(done), program.error());
    remember(context, what, done);  // until it does so itself
    host::ProgramOrder order;
    order.words = {"/bin/sh", "-c", "\"$0\" \"$@\" </dev/null >/dev/null 2>&1 &", *program, "rebuild", what.companion.path, "--source", what.source, "--settings", what.loaded.file};
    if (!what.loaded.environment.empty()) order.words.insert(order.words.end(), {"--environment", what.loaded.environment});
    order.folder = what.loaded.folder;
    const auto started = host::run_program(order);
    const bool is_started = started && started->is_success();
    if (is_started && (!done.warnings.empty() || has_begun(context, what))) return done;
    const auto why = is_started ? fail(ErrorCode::unavailable, "it did not begin") : started ? fail(ErrorCode::unavailable, "it could not be started: the shell {}", started->text()) : started.error().copy();
    done = failed(std::move(done), why);
    done.run.ended = context.host.clock.now();
    remember(context, what, done);
    return done;
}

Result<std::optional<RebuildRun>> last_rebuild(Context& context, const CompanionToRebuild& what) {
    const auto json = TRY(read_state(context, path_of(what), "remove it"));
    if (!json) return std::optional<RebuildRun>();
    RebuildRun run;
    run.source = what.source;
    run.companion = what.companion.path;
    run.state = text_in_state(*json, "state");
    run.how = text_in_state(*json, "how");
    run.error = text_in_state(*json, "error");
    run.output = text_in_state(*json, "output");
    run.started = time_in_state(*json, "started");
    run.ended = time_in_state(*json, "ended");
    if (run.state == "running" && has_died(text_in_state(*json, "process"))) {
        run.state = "died";
        run.error = "it ended without telling how";
    }
    return std::optional(std::move(run));
}

}  // namespace holdfast::operations
