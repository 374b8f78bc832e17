#include "holdfast/operations/swap_companions.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/faults_of_companion.h"
#include "holdfast/operations/redacted_file.h"
#include "holdfast/operations/write_entry.h"

namespace holdfast::operations {

namespace {

using live::SwapStep;
using repository::DirectoryEntry;
using repository::EntryType;

constexpr std::uint32_t folder_mode = 0755;

host::FileKind kind_of(EntryType type) {
    return type == EntryType::directory ? host::FileKind::folder : type == EntryType::link ? host::FileKind::link : host::FileKind::regular;
}

live::ThingOwner owner_of(const DirectoryEntry& entry) { return {.owner = entry.owner, .group = entry.group}; }

live::SeenThing seen(const DirectoryEntry& entry) {
    const auto kind = kind_of(entry.type);
    return {.kind = kind, .size = kind == host::FileKind::regular ? entry.content.size : 0, .mode = entry.mode, .modified = entry.modified, .link_target = entry.link_target, .owner = owner_of(entry)};
}

}  // namespace

CompanionSwap::CompanionSwap(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& options)
    : context_(context), opened_(opened), plan_(plan), options_(options) {}

UnfinishedRestore CompanionSwap::what_is_done(const SafetyBackup& safety) const {
    UnfinishedRestore restore{.number = plan_.number.value, .repository = opened_.path(), .safety_number = safety.number, .safety_repository = safety.repository, .databases = {}, .source = plan_.paths};
    for (const auto& member : plan_.members) {
        restore.databases.push_back({.path = member.report.to, .from = member.entry.name});
        restore.source.push_back(member.report.to);
    }
    return restore;
}

Result<void> CompanionSwap::stage() {
    const auto done = what_is_done({});
    std::vector<std::string> companions;
    for (const auto& companion : plan_.companions) companions.push_back(companion.report.to);
    swap_ = TRY(live::FileSwap::begin(context_.host, place_of_journal(done.source, companions), encode(done)));
    TRY(opened_.get().open_index());
    for (std::size_t i = 0; i < plan_.companions.size(); ++i) {
        auto& companion = plan_.companions[i];
        const host::Stopwatch stopwatch(context_.host.clock);
        TRY(host::make_folders_durably(context_.host.files, host::folder_of(companion.report.to), folder_mode));
        staged_.push_back({.together = SyncTogether(context_.host.files)});
        staged_[i].folder = TRY(swap_->add_stage(companion.report.to));
        for (const auto& [path, then] : companion.place.then) {
            const auto now = companion.place.now.find(path);
            if (!is_to_be_written(then, now == companion.place.now.end() ? nullptr : &now->second, Known::size)) continue;
            TRY(stage_entry(i, path, then));
        }
        TRY(staged_[i].together.sync());
        companion.report.copy_ms = stopwatch.ms();
    }
    return {};
}

Result<void> CompanionSwap::stage_entry(std::size_t companion, const std::string& path, const DirectoryEntry& entry) {
    auto& staged = staged_[companion];
    const auto& to = plan_.companions[companion].report.to;
    TRY(context_.watch.go_on());
    const std::string aside = host::join_path(staged.folder, format("new-{}", staged.files.size()));
    auto written = TRY(write_entry(context_, opened_, entry, {.path = aside, .owners = Owners::as_in_backup, .together = &staged.together, .meant = host::join_path(to, path), .written_before = written_}));
    staged.refused.add(host::join_path(to, path), written.owner_refused);
    staged.files.emplace(path, aside);
    written_ += written.bytes;
    return {};
}

namespace {

// As the safety backup holds it. Nothing of a companion was there: it is not in it.
class StateBefore {
public:
    static Result<StateBefore> of(OpenRepository& opened, const SafetyBackup& safety) {
        const auto& repository = safety.beside ? safety.beside->get() : opened.get();
        StateBefore state(repository, TRY(repository.snapshot(repository::SnapshotNumber{safety.number})));
        TRY(repository.open_index());
        return state;
    }
    Result<CompanionEntries> below(const std::string& companion) const {
        const auto entry = std::ranges::find(snapshot_.companions, companion, &DirectoryEntry::name);
        if (entry == snapshot_.companions.end()) return CompanionEntries();
        return entries_below(repository_, *entry);
    }

private:
    StateBefore(const repository::Repository& repository, repository::Snapshot snapshot) : repository_(repository), snapshot_(std::move(snapshot)) {}
    const repository::Repository& repository_;
    repository::Snapshot snapshot_;
};

}  // namespace

Result<void> CompanionSwap::carry_out(const SafetyBackup& safety, const Watch& watch) {
    live::SwapPlan plan;
    std::optional<StateBefore> before;
    if (safety.number != 0) before.emplace(TRY(StateBefore::of(opened_, safety)));
    for (std::size_t i = 0; i < plan_.companions.size(); ++i) {
        const auto& companion = plan_.companions[i];
        if (before) TRY(add_steps(i, TRY(before->below(companion.report.to)), safety.beside ? Known::size : Known::content, plan));
        else TRY(add_steps(i, companion.place.now, Known::size, plan));
    }
    return swap_->carry_out(std::move(plan), watch);
}

// From the deepest on: what another kind of thing takes the place of, and, where such goes, what is not in the backup.
Result<void> CompanionSwap::add_departures(std::size_t at, const CompanionEntries& before, live::SwapPlan& plan) {
    auto& companion = plan_.companions[at];
    const auto& root = companion.report.to;
    std::set<std::string> gone;
    companion.report.removed = 0;  // what does go, and not what would have by the first look
    for (auto now = before.rbegin(); now != before.rend(); ++now) {
        const auto& [path, entry] = *now;
        const auto then = companion.place.then.find(path);
        if (companion.place.with_secrets.contains(path)) continue;
        const bool is_extra = then == companion.place.then.end();
        const bool is_folder = entry.type == EntryType::directory;
        const bool gives_way = !is_extra && (is_folder != (then->second.type == EntryType::directory));
        if (!gives_way && (!is_extra || companion.place.extras == Extras::stay)) continue;
        if (is_folder && is_extra && !TRY(is_left_empty(host::join_path(root, path), gone))) {
            warnings.push_back(why_it_stays(host::join_path(root, path)));
            continue;
        }
        TRY(expect_nothing_to_lose(companion, path));
        gone.insert(host::join_path(root, path));
        companion.report.removed += is_extra ? 1u : 0u;
        plan.steps.push_back({.what = is_folder ? SwapStep::What::remove_folder : SwapStep::What::remove, .path = host::join_path(root, path), .stage = staged_[at].folder, .before = seen(entry)});
    }
    return {};
}

// Since the first look: what is written later still shows in its time.
Result<void> CompanionSwap::expect_nothing_to_lose(const PlannedCompanion& companion, const std::string& path) const {
    const std::string there = host::join_path(companion.report.to, path);
    if (!companion.entry.rules.is_redacted() || !holds_secrets(context_, there)) return {};
    return fail(ErrorCode::busy, "restore {}: secrets were put into it meanwhile, which no backup has", printable(there)).with_advice("restore again");
}

Result<bool> CompanionSwap::is_left_empty(const std::string& folder, const std::set<std::string>& gone) const {
    const auto names = TRY(context_.host.files.list(folder));
    return std::ranges::all_of(names, [&](const auto& name) { return gone.contains(host::join_path(folder, name)); });
}

// Where no backup of the state before tells what is there, it is read.
Result<bool> CompanionSwap::has_same_content(std::size_t companion, const std::string& path, const DirectoryEntry& then) {
    if (then.type != EntryType::file) return true;
    return !TRY(fault_of_content(context_, opened_.get(), then, host::join_path(plan_.companions[companion].report.to, path)));
}

Result<void> CompanionSwap::add_steps(std::size_t at, const CompanionEntries& before, Known known, live::SwapPlan& plan) {
    auto& companion = plan_.companions[at];
    const auto& root = companion.report.to;
    const auto first = plan.steps.size();
    TRY(add_departures(at, before, plan));
    bool has_staged_late = false;
    for (const auto& [path, then] : companion.place.then) {
        const auto found = before.find(path);
        const auto* now = found == before.end() ? nullptr : &found->second;
        const bool changes_kind = now != nullptr && (now->type == EntryType::directory) != (then.type == EntryType::directory);
        if (changes_kind) now = nullptr;  // it is gone by then
        if (then.type == EntryType::directory) {
            // One that the rules leave out, as nothing that they choose lies in it, is there all the same.
            const auto there = context_.host.files.status_of_link(host::join_path(root, path));
            const bool is_left_out = now == nullptr && !changes_kind && there && there->kind == host::FileKind::folder;
            if (now == nullptr && !is_left_out) plan.steps.push_back({.what = SwapStep::What::make_folder, .path = host::join_path(root, path), .stage = staged_[at].folder});
            continue;
        }
        const bool is_staged = staged_[at].files.contains(path);
        if (!is_staged && !is_to_be_written(then, now, known) && (known == Known::content || TRY(has_same_content(at, path, then)))) continue;
        if (now == nullptr && !changes_kind && companion.place.now.contains(path)) {
            return fail(ErrorCode::unavailable, "restore {}: it is not in the backup of the state before, as it could not be read, or went meanwhile", printable(host::join_path(root, path))).with_advice("look at it, and restore again");
        }
        if (now != nullptr) TRY(expect_nothing_to_lose(companion, path));
        if (!is_staged) {  // another content of the same size and time
            TRY(stage_entry(at, path, then));
            has_staged_late = true;
        }
        plan.steps.push_back({.path = host::join_path(root, path), .stage = staged_[at].folder, .before = now ? std::optional(seen(*now)) : std::nullopt, .staged = staged_[at].files.at(path)});
    }
    if (has_staged_late) TRY(staged_[at].together.sync());
    std::set<std::string> touched, made;
    for (std::size_t i = first; i < plan.steps.size(); ++i) {
        touched.insert(host::folder_of(plan.steps[i].path));
        if (plan.steps[i].what == SwapStep::What::make_folder) made.insert(plan.steps[i].path);
    }
    for (const auto& [path, then] : companion.place.then) {
        if (then.type != EntryType::directory) continue;
        const auto now = before.find(path);
        if (now == before.end() && !made.contains(host::join_path(root, path))) continue;
        const bool was_there = now != before.end() && now->second.type == EntryType::directory;
        const bool is_given = was_there && host::is_superuser() && owner_of(now->second) != owner_of(then);
        if (was_there && !is_given && now->second.mode == then.mode && now->second.modified == then.modified && !touched.contains(host::join_path(root, path))) continue;
        plan.folders.push_back({.path = host::join_path(root, path), .mode = then.mode, .modified = then.modified, .before = was_there ? std::optional(seen(now->second)) : std::nullopt, .owner = owner_of(then)});
    }
    return {};
}

void CompanionSwap::note_replaced(const std::string& database) {
    const auto noted = swap_->note_replaced(database);
    if (!noted) warnings.push_back(format("should this be interrupted now, the next command will not know that {} was replaced: {}", printable(database), noted.error().message()));
}

Result<void> CompanionSwap::undo() {
    auto told = TRY(swap_->undo());
    std::ranges::move(told, std::back_inserter(warnings));
    return {};
}

void CompanionSwap::finish() {
    for (const auto& staged : staged_) std::ranges::move(staged.refused.warnings(), std::back_inserter(warnings));
    auto told = swap_->finish();
    if (told) std::ranges::move(*told, std::back_inserter(warnings));
    else warnings.push_back(format("what the restore needed beside the files is not all removed, the next command does that: {}", told.error().message()));
}

}  // namespace holdfast::operations
