#include "holdfast/operations/unfinished_restore.h"

#include <algorithm>
#include <set>

#include "holdfast/base/record.h"
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/history/history.h"
#include "holdfast/live/file_swap.h"
#include "holdfast/live/is_live_image.h"
#include "holdfast/live/replace.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

namespace tag {
constexpr std::uint32_t number = 1, repository = 3, safety_number = 5, safety_repository = 7, database = 9, source = 11;
}
namespace database_tag {
constexpr std::uint32_t path = 1, from = 3;
}

using Database = UnfinishedRestore::Database;

enum class State { before, restored, unclear };

class Mending {
public:
    Mending(Context& context, OpenRepository* opened, live::FileSwap& swap, UnfinishedRestore restore)
        : context_(context), opened_(opened), swap_(swap), restore_(std::move(restore)) {}

    Result<std::vector<std::string>> run(WhenUnclear when_unclear) {
        if (swap_.phase() == live::FileSwap::Phase::staging) return remove_staged();
        if (swap_.phase() == live::FileSwap::Phase::swapping) return take_back();
        std::vector<const Database*> still_before;
        bool is_any_restored = restore_.databases.empty();
        for (const auto& database : restore_.databases) {
            switch (TRY(state_of(database))) {
                case State::restored: is_any_restored = true; break;
                case State::before: still_before.push_back(&database); break;
                case State::unclear: return when_unclear == WhenUnclear::abandon ? abandon() : refused(database);
            }
        }
        if (!is_any_restored) return take_back();
        for (const auto* database : still_before) TRY(replace(*database));
        note_end(repository::NoteType::took_place);
        return told(TRY(swap_.finish()), format("the restore of backup #{}, which was interrupted, is finished", restore_.number));
    }

private:
    static std::vector<std::string> told(std::vector<std::string> warnings, std::string what) {
        warnings.insert(warnings.begin(), std::move(what));
        return warnings;
    }
    Result<std::vector<std::string>> remove_staged() {
        note_end(repository::NoteType::undone);
        TRY(swap_.abandon());
        return std::vector{format("the restore of backup #{} did not take place: it was interrupted before it had replaced anything; what it had staged is removed", restore_.number)};
    }
    Result<std::vector<std::string>> take_back() {
        note_end(repository::NoteType::undone);
        return told(TRY(swap_.undo()), format("the restore of backup #{}, which was interrupted before it had replaced a database, is taken back", restore_.number));
    }
    // For undo. Where it cannot be noted, undo says that the restore was not seen to end.
    void note_end(repository::NoteType type) {
        if (restore_.safety_number == 0 || opened_ == nullptr || opened_->path() != restore_.safety_repository) return;
        static_cast<void>(opened_->get().add_note({restore_.safety_number}, {.type = type, .time = context_.host.clock.now()}));
    }
    Result<std::vector<std::string>> abandon() {
        TRY(swap_.abandon());
        return std::vector{format("the restore of backup #{} was interrupted; what it had replaced by then was left as it was found", restore_.number)};
    }
    Result<std::vector<std::string>> refused(const Database& database) const {
        const auto restore = [](std::uint64_t number, const std::string& repository) { return format("holdfast restore {} -r {}", number, shell_word(repository)); };
        std::string advice = format("{} brings all of the set to that backup", restore(restore_.number, restore_.repository));
        if (restore_.safety_number != 0) advice += format(", {} to the state before", restore(restore_.safety_number, restore_.safety_repository));
        return fail(ErrorCode::invalid, "the restore of backup #{} was interrupted between its files and its databases, and {} has been written to since: it cannot be told whether it belongs to the files beside it", restore_.number,
                    printable(database.path))
            .with_advice(std::move(advice));
    }

    // As the journal says, or as the bytes do.
    Result<State> state_of(const Database& database) {
        if (std::ranges::find(swap_.replaced(), database.path) != swap_.replaced().end()) return State::restored;
        if (TRY(holds(database, restore_.number, restore_.repository, database.from))) return State::restored;
        const bool was_missing = !TRY(host::exists(context_.host.files, database.path));
        if (was_missing || TRY(holds(database, restore_.safety_number, restore_.safety_repository, database.path))) return State::before;
        return State::unclear;
    }
    Result<std::unique_ptr<sqlite::Image>> image(std::uint64_t number, const std::string& name) {
        const auto snapshot = TRY(opened_->get().snapshot(repository::SnapshotNumber{number}));
        const auto entry = std::ranges::find(snapshot.members, name, &repository::DirectoryEntry::name);
        if (entry == snapshot.members.end() || !entry->database) return fail(ErrorCode::not_found, "backup #{} has no database {}", number, printable(name));
        return history::open_image(opened_->get(), *entry);
    }
    // False also where that backup cannot be read.
    Result<bool> holds(const Database& database, std::uint64_t number, const std::string& repository, const std::string& name) {
        if (number == 0 || opened_ == nullptr || opened_->path() != repository) return false;
        const auto kept = image(number, name);
        if (!kept) return false;
        const auto is_same = live::is_live_image(context_.host, database.path, **kept, freeze_options(context_), context_.watch);
        if (!is_same && is_same.error().code() == ErrorCode::cancelled) return is_same.error().copy();
        return is_same && *is_same;
    }
    Result<void> replace(const Database& database) {
        const auto kept = TRY(image(restore_.number, database.from));
        live::PlaceOptions place{.vfs = context_.vfs, .wait_ms = context_.lock_wait_ms};
        const auto plan = TRY(live::plan_replacement(context_.host, database.path, *kept, place));
        if (plan.route == live::Route::transaction) {
            TRY(live::write_live(context_.host, *kept, {.path = database.path, .place = place}, context_.watch));
        } else {
            TRY(live::swap_file(context_.host, opened_->pool(), *kept, {.path = database.path}, place, context_.watch));
        }
        return swap_.note_replaced(database.path);
    }

    Context& context_;
    OpenRepository* opened_;
    live::FileSwap& swap_;
    const UnfinishedRestore restore_;
};

struct Found {
    std::string beside;
    live::FileSwap::Trace trace;
    std::optional<UnfinishedRestore> restore = {};  // none: it had not come to write down what it was for
};

// A journal lies beside a database, or above, where a database lies in a folder that is replaced as a whole. What is
// another set's stays with that, also when it cannot be read.
Result<std::vector<Found>> traces_of(host::FileSystem& files, const std::vector<std::string>& databases) {
    std::vector<Found> found;
    std::set<std::string> places;
    for (const auto& database : databases) {
        for (std::string at = database; at != "/" && at != "."; at = host::folder_of(at)) {
            if (!places.insert(host::folder_of(at)).second) continue;
            auto trace = live::FileSwap::look_beside(files, at);
            if (!trace && at == database) return std::move(trace).error();
            if (!trace || !*trace) continue;
            if ((*trace)->note.empty()) {  // it had not come to anything
                if (at == database) found.push_back({.beside = at, .trace = *std::move(*trace)});
                continue;
            }
            auto restore = decode_unfinished_restore((*trace)->note);
            if (!restore && at == database) return restore.error().copy();
            const auto is_of_it = [&](const auto& path) { return std::ranges::find(databases, path) != databases.end(); };
            if (restore && std::ranges::any_of(restore->source, is_of_it)) found.push_back({.beside = at, .trace = *std::move(*trace), .restore = *std::move(restore)});
        }
    }
    return found;
}

UnfinishedSeen in_words(const Found& found) {
    using Is = UnfinishedSeen::Is;
    UnfinishedSeen seen{.journal = found.trace.folder, .what = {}, .remedy = {}};
    const std::string what = found.restore ? format("a restore of backup #{}", found.restore->number) : std::string("a restore");
    if (found.trace.is_over) {
        // One that was taken back leaves the same, but for the databases that are noted as replaced.
        const bool took_place = found.restore && (found.restore->databases.empty() || !found.trace.replaced.empty());
        seen.is = Is::over;
        seen.what = what + (took_place ? " is complete, and was interrupted while it removed what it no longer needed" : " had come to its end, and was interrupted while it removed what it no longer needed");
        seen.remedy = "the next backup, restore or undo removes that";
        return seen;
    }
    if (found.trace.phase == live::FileSwap::Phase::staging) {
        seen.is = found.restore ? Is::staged : Is::leftover;
        seen.what = what + (found.restore ? " was interrupted before it had replaced anything" : " was interrupted at its very beginning, or at its very end");
        seen.remedy = "what it had left is removed by the next backup, restore or undo";
        return seen;
    }
    if (found.trace.is_at_work) {
        seen.is = Is::at_work;
        seen.what = what + " is at work, and exchanges files and databases now";
        return seen;
    }
    const std::string where = found.restore ? format(" -r {}", shell_word(found.restore->repository)) : std::string();
    const std::string source = found.restore && !found.restore->source.empty() ? format(" --source {}", shell_word(found.restore->source.front())) : std::string();
    const bool is_between = found.trace.phase == live::FileSwap::Phase::swapped;
    seen.what = what + (is_between ? " was interrupted between its files and its databases: they may be of two moments" : " was interrupted while it exchanged files: some may be of the backup, and others of before");
    seen.remedy = format("holdfast undo{}{} {}", source, where, is_between ? "finishes it, or takes it back where no database had been replaced, and does nothing else" : "puts them back, and does nothing else");
    if (found.restore) seen.remedy += format("; holdfast restore {}{} does it again", found.restore->number, where);
    return seen;
}

}  // namespace

Bytes encode(const UnfinishedRestore& restore) {
    RecordWriter record;
    record.number(tag::number, restore.number);
    record.text(tag::repository, restore.repository);
    record.number(tag::safety_number, restore.safety_number);
    record.text(tag::safety_repository, restore.safety_repository);
    for (const auto& database : restore.databases) {
        RecordWriter one;
        one.text(database_tag::path, database.path);
        one.text(database_tag::from, database.from);
        record.record(tag::database, one);
    }
    for (const auto& path : restore.source) record.text(tag::source, path);
    return std::move(record).take();
}

Result<UnfinishedRestore> decode_unfinished_restore(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "note of an unfinished restore"));
    UnfinishedRestore restore;
    restore.number = TRY(record.number(tag::number));
    restore.repository = TRY(record.text(tag::repository));
    restore.safety_number = TRY(record.number(tag::safety_number));
    restore.safety_repository = TRY(record.text(tag::safety_repository));
    for (const ByteView field : record.all(tag::database)) {
        auto one = TRY(RecordReader::parse(field, "database of an unfinished restore"));
        restore.databases.push_back({.path = TRY(one.text(database_tag::path)), .from = TRY(one.text(database_tag::from))});
        TRY(one.finish());
    }
    for (const ByteView path : record.all(tag::source)) restore.source.emplace_back(text_of(path));
    TRY(record.finish());
    return restore;
}

std::string place_of_journal(const std::vector<std::string>& databases, const std::vector<std::string>& companions) {
    std::string place = databases.empty() ? companions.front() : databases.front();
    const auto holder = [&] { return std::ranges::find_if(companions, [&](const auto& companion) { return place.starts_with(companion + "/"); }); };
    for (auto at = holder(); at != companions.end(); at = holder()) place = *at;
    return place;
}

Result<bool> is_set_being_replaced(Context& context, const std::vector<std::string>& databases) {
    const auto traces = TRY(traces_of(context.host.files, databases));
    return std::ranges::any_of(traces, [](const Found& found) { return found.trace.phase != live::FileSwap::Phase::staging; });
}

std::vector<UnfinishedSeen> unfinished_restores(Context& context, const std::vector<std::string>& databases) {
    std::vector<UnfinishedSeen> seen;
    const auto traces = traces_of(context.host.files, databases);
    if (!traces) {
        seen.push_back({.is = UnfinishedSeen::Is::not_known, .journal = {}, .what = format("whether a restore was interrupted here is not known: {}", traces.error().message()), .remedy = traces.error().advice()});
        return seen;
    }
    for (const auto& found : *traces) {
        const bool has_begun = found.trace.phase != live::FileSwap::Phase::staging;
        if (found.trace.is_at_work && !has_begun) continue;  // nothing is different yet
        seen.push_back(in_words(found));
    }
    return seen;
}

std::vector<std::string> told_unfinished(Context& context, const std::vector<std::string>& databases) {
    std::vector<std::string> told;
    for (const auto& seen : unfinished_restores(context, databases)) {
        if (seen.is == UnfinishedSeen::Is::at_work || !seen.is_harmless()) told.push_back(seen.in_words());
    }
    return told;
}

namespace {

std::vector<std::string> databases_beside(Context& context, const RepositoryRequest& request, const std::string& database) {
    std::vector<std::string> all = {database};
    const auto loaded = settings_if_good(context, request);
    if (!loaded) return all;
    for (const auto& [name, source] : loaded->settings.source) {
        std::vector<std::string> paths;
        for (const auto& one : source.databases) paths.push_back(host::canonical_or_future(context.host.files, one).value_or(std::string(one)));
        if (std::ranges::find(paths, database) != paths.end()) all.insert(all.end(), paths.begin(), paths.end());
    }
    return all;
}

}  // namespace

std::vector<std::string> told_unfinished(Context& context, const RepositoryRequest& request, const std::string& database) {
    return told_unfinished(context, databases_beside(context, request, database));
}

Result<void> expect_none_interrupted(Context& context, const RepositoryRequest& request, const std::string& database) {
    for (const auto& seen : unfinished_restores(context, databases_beside(context, request, database))) {
        if (seen.is == UnfinishedSeen::Is::interrupted) return fail(ErrorCode::busy, "write into {}: {}", printable(database), seen.what).with_advice(std::string(seen.remedy));
    }
    return {};
}

Result<MendedRestores> mend_unfinished_restores(Context& context, OpenRepository* opened, const std::vector<std::string>& databases, WhenUnclear when_unclear) {
    using Phase = live::FileSwap::Phase;
    MendedRestores done;
    for (const auto& found : TRY(traces_of(context.host.files, databases))) {
        const auto swap = live::FileSwap::find(context.host, found.beside, {.wait_ms = context.lock_wait_ms, .watch = context.watch});
        const bool is_only_staging = !swap && swap.error().code() == ErrorCode::busy && found.trace.phase == Phase::staging;
        if (is_only_staging) continue;
        if (!swap) return swap.error().copy();
        if (!*swap) continue;
        if ((*swap)->note().empty()) {
            TRY((*swap)->abandon());
            done.is_any_mended = true;  // perhaps it took place
            done.told.push_back("a restore was interrupted at its very beginning, or at its very end; what it had left is removed");
            continue;
        }
        done.is_any_mended = done.is_any_mended || (*swap)->phase() != Phase::staging;
        auto told = TRY(Mending(context, opened, **swap, TRY(decode_unfinished_restore((*swap)->note()))).run(when_unclear));
        std::ranges::move(told, std::back_inserter(done.told));
    }
    return done;
}

}  // namespace holdfast::operations
