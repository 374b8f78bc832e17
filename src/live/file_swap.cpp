#include "holdfast/live/file_swap.h"

#include <algorithm>
#include <set>

#include "holdfast/base/text.h"

namespace holdfast::live {

namespace {

constexpr std::string_view folder_name = ".holdfast-restore";
constexpr std::uint32_t folder_mode = 0700, shared_folder_mode = 0755, file_mode = 0600;
constexpr std::uint64_t journal_size_max = 1ull << 30;

std::string journal_folder(const std::string& beside) { return host::join_path(host::folder_of(beside), folder_name); }

Error changed_meanwhile(const std::string& path) {
    return fail(ErrorCode::busy, "restore {}: another program has written to it meanwhile", printable(path)).with_advice("stop that program, and restore again");
}

Result<std::optional<Bytes>> read_if_there(host::FileSystem& files, const std::string& path) {
    auto bytes = host::read_file(files, path, journal_size_max);
    if (!bytes && bytes.error().code() == ErrorCode::not_found) return std::optional<Bytes>();
    if (!bytes) return std::move(bytes).error();
    return std::optional(*std::move(bytes));
}

}  // namespace

bool is_restore_folder(std::string_view name) { return name == folder_name || name.starts_with(std::string(folder_name) + "-"); }

// Where the journal lies, and the lock that says that somebody is at work.
struct FileSwap::Place {
    std::string folder;
    std::unique_ptr<host::FileLock> lock;
    std::string stages() const { return folder + "/stages"; }
    std::string journal() const { return folder + "/journal"; }
    std::string swapped() const { return folder + "/swapped"; }

    std::string lock_file() const { return folder + "/lock"; }

    // not_found: it has gone meanwhile.
    static Result<std::unique_ptr<Place>> take(host::Host host, const std::string& beside, const host::LockWait& wait) {
        auto place = std::make_unique<Place>();
        place->folder = journal_folder(beside);
        auto lock = host::lock_when_free(host, place->lock_file(), wait);
        if (!lock && lock.error().code() == ErrorCode::busy) {
            return fail(ErrorCode::busy, "restore beside {}: another restore is at work there", printable(beside)).with_advice("wait for its end");
        }
        place->lock = TRY(std::move(lock));
        return place;
    }
};

FileSwap::FileSwap(host::Host host, std::unique_ptr<Place> place) : host_(host), files_(host.files), place_(std::move(place)) {}

FileSwap::~FileSwap() {
    if (!is_over_ && phase_ == Phase::staging) static_cast<void>(clean_up());
}

// --- the journal ---

Result<std::unique_ptr<FileSwap>> FileSwap::begin(host::Host host, const std::string& beside, Bytes note) {
    if (const auto left = TRY(find(host, beside))) {
        if (left->phase() != Phase::staging) return fail(ErrorCode::busy, "restore beside {}: an earlier restore was interrupted, and has not been mended yet", printable(beside));
        TRY(left->abandon());
    }
    TRY(host::make_folders_durably(host.files, host::folder_of(beside), 0755));
    TRY(host::make_folders_durably(host.files, journal_folder(beside), folder_mode));
    std::unique_ptr<FileSwap> swap(new FileSwap(host, TRY(Place::take(host, beside, {}))));
    swap->stages_.note = std::move(note);
    TRY(swap->write_stages());
    return swap;
}

Result<std::unique_ptr<FileSwap>> FileSwap::find(host::Host host, const std::string& beside, const host::LockWait& wait) {
    std::unique_ptr<FileSwap> none;
    if (!TRY(host::exists(host.files, journal_folder(beside)))) return none;
    auto taken = Place::take(host, beside, wait);
    if (!taken && taken.error().code() == ErrorCode::not_found) return none;
    std::unique_ptr<FileSwap> swap(new FileSwap(host, TRY(std::move(taken))));
    const auto& place = *swap->place_;
    swap->is_over_ = true;  // until it is known what it is
    if (const auto stages = TRY(read_if_there(host.files, place.stages()))) swap->stages_ = TRY(decode_stages(*stages));
    const auto journal = TRY(read_if_there(host.files, place.journal()));
    if (!journal && TRY(host::exists(host.files, place.swapped()))) {
        TRY(swap->clean_up());
        return none;
    }
    if (!journal) {
        swap->is_over_ = false;
        return swap;
    }
    swap->plan_ = TRY(decode_plan(*journal));
    swap->phase_ = Phase::swapping;
    if (const auto swapped = TRY(read_if_there(host.files, place.swapped()))) {
        swap->replaced_ = TRY(decode_replaced(*swapped));
        swap->phase_ = Phase::swapped;
    }
    swap->is_over_ = false;
    return swap;
}

Result<std::optional<FileSwap::Trace>> FileSwap::look_beside(host::FileSystem& files, const std::string& beside) {
    const Place place{.folder = journal_folder(beside), .lock = {}};
    if (!TRY(host::exists(files, place.folder))) return std::optional<Trace>();
    Trace trace{.folder = place.folder, .phase = Phase::staging, .note = {}};
    if (TRY(host::exists(files, place.lock_file()))) {
        const auto lock = files.try_lock(place.lock_file());  // for an instant
        trace.is_at_work = !lock && lock.error().code() == ErrorCode::busy;
    }
    const bool has_journal = TRY(host::exists(files, place.journal())), has_swapped = TRY(host::exists(files, place.swapped()));
    if (has_journal) trace.phase = has_swapped ? Phase::swapped : Phase::swapping;
    trace.is_over = has_swapped && !has_journal;
    if (trace.is_over) {
        if (const auto swapped = TRY(read_if_there(files, place.swapped()))) trace.replaced = TRY(decode_replaced(*swapped));
    }
    if (const auto stages = TRY(read_if_there(files, place.stages()))) trace.note = TRY(decode_stages(*stages)).note;
    return std::optional(std::move(trace));
}

Result<void> FileSwap::set_note(Bytes note) {
    HOLDFAST_ASSERT(phase_ == Phase::staging && !is_over_);
    stages_.note = std::move(note);
    return write_stages();
}

Result<void> FileSwap::write_stages() { return host::replace_atomically(files_, place_->stages(), encode_stages(stages_), file_mode); }

Result<std::string> FileSwap::add_stage(const std::string& root) {
    const std::string above = TRY(host::existing_folder_of(files_, root));
    const auto there = files_.status_of_link(root);
    const bool is_folder = there && there->kind == host::FileKind::folder;
    const bool is_mounted = is_folder && (there->device != TRY(files_.status(above)).device || files_.is_mount_point(root));
    std::string stage = host::join_path(is_mounted ? root : above, format("{}-{:016x}", folder_name, host::random_u64(host_.random)));
    stages_.folders.push_back(stage);
    TRY(write_stages());
    TRY(files_.make_folder(stage, folder_mode));
    TRY(files_.sync_folder(host::folder_of(stage)));
    return stage;
}

// The journal goes first: without it the rest is known to be litter. Where steps had been done, that is known to the end.
Result<void> FileSwap::clean_up() {
    is_over_ = true;
    if (TRY(host::exists(files_, place_->journal()))) {
        TRY(files_.remove(place_->journal()));
        TRY(files_.sync_folder(place_->folder));
    }
    for (const auto& stage : stages_.folders) {
        TRY(host::remove_tree(files_, stage));
        TRY(files_.sync_folder(host::folder_of(stage)));  // before nobody knows of it any more
    }
    if (TRY(host::exists(files_, place_->swapped())) && TRY(host::exists(files_, place_->stages()))) {
        TRY(files_.remove(place_->stages()));
        TRY(files_.sync_folder(place_->folder));
    }
    TRY(host::remove_tree(files_, place_->folder));
    return files_.sync_folder(host::folder_of(place_->folder));
}

// --- there ---

std::string FileSwap::kept_name(std::size_t step) const { return host::join_path(plan_.steps[step].stage, format("old-{}", step)); }

Result<std::optional<SeenThing>> FileSwap::look(const std::string& path) const {
    const auto status = files_.status_of_link(path);
    if (!status && status.error().code() == ErrorCode::not_found) return std::optional<SeenThing>();
    if (!status) return status.error().copy();
    return std::optional(seen_thing(*status, status->kind == host::FileKind::link ? TRY(files_.read_link(path)) : std::string()));
}

// Where a file has been given its second name, or has been moved to it, it is that one which counts.
Result<void> FileSwap::keep_old(std::size_t at) {
    const auto& step = plan_.steps[at];
    if (!step.before || step.before->kind != host::FileKind::regular) return {};
    auto linked = files_.link(step.path, kept_name(at));
    if (linked || linked.error().code() == ErrorCode::unavailable) return {};  // moved when its turn comes
    if (linked.error().code() == ErrorCode::not_found) return changed_meanwhile(step.path);
    return linked;
}

Result<void> FileSwap::expect_old_untouched(std::size_t at) {
    const auto& step = plan_.steps[at];
    if (!step.before || step.before->kind != host::FileKind::regular) return {};
    const auto kept = TRY(look(kept_name(at)));
    if (kept && !is_untouched(*step.before, *kept)) return changed_meanwhile(step.path);
    return {};
}

Result<void> FileSwap::carry_out(SwapPlan plan, const Watch& watch) {
    HOLDFAST_ASSERT(phase_ == Phase::staging && !is_over_);
    for (auto& step : plan.steps) {
        if (step.what != SwapStep::What::put) continue;
        const auto status = TRY(files_.status_of_link(step.staged));
        step.placed_inode = status.inode;
        step.placed_size = status.size;
        step.placed_modified = status.modified;
    }
    const auto journal = TRY(encode_plan(plan));
    for (const auto& stage : stages_.folders) TRY(files_.sync_folder(stage));
    TRY(host::replace_atomically(files_, place_->journal(), journal, file_mode));
    plan_ = std::move(plan);
    phase_ = Phase::swapping;
    auto done = do_all(watch);
    if (done) done = host::replace_atomically(files_, place_->swapped(), encode_replaced({}), file_mode);
    if (done) {
        phase_ = Phase::swapped;
        return {};
    }
    const auto undone = undo();
    if (undone) {
        auto error = std::move(done).error();
        for (const auto& warning : *undone) error = std::move(error).while_doing(warning);
        return error;
    }
    return std::move(done).error().while_doing(format("what had been replaced by then could not be put back ({}), the next command does that", undone.error().message()));
}

Result<void> FileSwap::do_all(const Watch& watch) {
    TRY(expect_movable());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) TRY(keep_old(i));
    for (const auto& stage : stages_.folders) TRY(files_.sync_folder(stage));
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) TRY(expect_old_untouched(i));
    TRY(watch.go_on());
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) TRY(do_step(i));
    TRY(sync_touched());
    // Who had a file open may have written to it until now.
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) TRY(expect_old_untouched(i));
    return {};
}

// Folders that we may not write are opened for as long as it takes.
Result<void> FileSwap::expect_movable() {
    constexpr std::uint32_t writable_by_us = 0300;
    for (const auto& folder : plan_.folders) {
        if (folder.before && (folder.before->mode & writable_by_us) != writable_by_us) TRY(files_.set_mode(folder.path, folder.before->mode | writable_by_us));
    }
    return {};
}

// What is there goes, after one more look; a file is left to the rename that takes its name, if it has a second one.
Result<void> FileSwap::take_away(std::size_t at) {
    const auto& step = plan_.steps[at];
    const auto now = files_.status_of_link(step.path);
    if (!now && now.error().code() == ErrorCode::not_found) return changed_meanwhile(step.path);
    if (!now) return now.error().copy();
    if (step.before->kind == host::FileKind::link) {
        const auto seen = TRY(look(step.path));
        if (!seen || !is_untouched(*step.before, *seen)) return changed_meanwhile(step.path);
        return files_.remove(step.path);
    }
    const auto kept = files_.status_of_link(kept_name(at));
    if (!kept && kept.error().code() == ErrorCode::not_found) {  // no hard links here
        TRY(files_.rename(step.path, kept_name(at)));
        TRY(files_.sync_folder(step.stage));
        return expect_old_untouched(at);
    }
    if (!kept) return kept.error().copy();
    if (kept->inode != now->inode || kept->device != now->device) return changed_meanwhile(step.path);
    return step.what == SwapStep::What::remove ? files_.remove(step.path) : files_.rename(step.staged, step.path);
}

Result<void> FileSwap::do_step(std::size_t at) {
    const auto& step = plan_.steps[at];
    switch (step.what) {
        case SwapStep::What::remove: return take_away(at);
        case SwapStep::What::make_folder: return files_.make_folder(step.path, folder_mode);
        case SwapStep::What::remove_folder: return files_.remove_folder(step.path);
        case SwapStep::What::put: break;
    }
    if (step.before) TRY(take_away(at));
    if (is_placed(step)) return {};
    auto put = files_.rename_if_absent(step.staged, step.path);
    if (!put && put.error().code() == ErrorCode::exists) return changed_meanwhile(step.path);
    return put;
}

// What comes out of a staging folder must have arrived before it may be gone there.
Result<void> FileSwap::sync_touched() {
    std::set<std::string> folders;
    for (const auto& step : plan_.steps) folders.insert(host::folder_of(step.path));
    for (const auto& folder : folders) {
        auto synced = files_.sync_folder(folder);
        if (!synced && synced.error().code() != ErrorCode::not_found) return synced;  // it has been removed: its parent tells
    }
    for (const auto& stage : stages_.folders) TRY(files_.sync_folder(stage));
    return {};
}

Result<void> FileSwap::note_replaced(const std::string& what) {
    replaced_.push_back(what);
    return host::replace_atomically(files_, place_->swapped(), encode_replaced(replaced_), file_mode);
}

// A folder or link; files were given theirs where they were staged. Of one that has its owner nothing is asked that could be
// refused.
void FileSwap::give(const std::string& path, const SeenThing& as) {
    if (!as.owner) return;
    const auto now = files_.status_of_link(path);
    if (!now || now->kind == host::FileKind::regular || (now->owner == as.owner->owner && now->group == as.owner->group)) return;
    const auto given = files_.set_owner(path, as.owner->owner, as.owner->group);
    if (given || ++not_given_.count > 1) return;
    not_given_.first = path;
    not_given_.why = given.error().message();
}

void FileSwap::tell_of_owners(std::vector<std::string>& warnings) {
    const auto& [first, why, count] = not_given_;
    if (count == 1) warnings.push_back(format("{} belongs to whoever restores it: {}", printable(first), why));
    if (count > 1) warnings.push_back(format("{} and {} more folders or links belong to whoever restores them: {}", printable(first), count - 1, why));
    not_given_ = {};
}

// The owner before the mode, of which a change of owner takes bits away.
void FileSwap::dress(const std::string& folder, const SeenThing& as, std::vector<std::string>& warnings) {
    give(folder, as);
    auto dressed = files_.set_modified(folder, as.modified);
    if (dressed) dressed = files_.set_mode(folder, as.mode);
    if (!dressed) warnings.push_back(format("the folder {} has not the mode and time it should have: {}", printable(folder), dressed.error().message()));
}

// No name leads to a replaced file any more, and it would go with what was written to it.
Result<void> FileSwap::keep_what_was_written(std::vector<std::string>& warnings) {
    constexpr int names_max = 1000;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
        const auto& step = plan_.steps[i];
        const auto old = TRY(look(kept_name(i)));
        if (!step.before || !old || old->kind != host::FileKind::regular || is_untouched(*step.before, *old)) continue;
        TRY(host::make_folders_durably(files_, host::folder_of(step.path), shared_folder_mode));
        auto kept = Result<void>(fail(ErrorCode::exists, "keep {}: its folder is full of such files", printable(step.path)));
        std::string name;
        for (int n = 1; n <= names_max && !kept && kept.error().code() == ErrorCode::exists; ++n) {
            name = format("{}.written-meanwhile-{}", step.path, n);
            kept = files_.rename_if_absent(kept_name(i), name);
        }
        TRY(std::move(kept));
        TRY(files_.sync_folder(host::folder_of(step.path)));
        warnings.push_back(format("a program that had {} open wrote to it while it was replaced: what it wrote to is {}", printable(step.path), printable(name)));
    }
    return {};
}

Result<std::vector<std::string>> FileSwap::finish() {
    HOLDFAST_ASSERT(phase_ == Phase::swapped);
    std::vector<std::string> warnings;
    TRY(keep_what_was_written(warnings));
    for (auto folder = plan_.folders.rbegin(); folder != plan_.folders.rend(); ++folder) {
        dress(folder->path, {.mode = folder->mode, .modified = folder->modified, .owner = folder->owner}, warnings);
    }
    tell_of_owners(warnings);
    TRY(clean_up());
    return warnings;
}

// --- and back ---

bool FileSwap::is_placed(const SwapStep& step) const {
    const auto now = files_.status_of_link(step.path);
    return now && now->inode == step.placed_inode && now->size == step.placed_size && now->modified == step.placed_modified;
}

// Whatever has been written to it since.
bool FileSwap::was_placed(const SwapStep& step) const {
    const auto now = files_.status_of_link(step.path);
    return step.what == SwapStep::What::put && now && now->inode == step.placed_inode;
}

Result<void> FileSwap::dress_link(const SwapStep& step) {
    give(step.path, *step.before);
    return files_.set_modified(step.path, step.before->modified);
}

// Where nothing is now.
Result<void> FileSwap::put_back(std::size_t at) {
    const auto& step = plan_.steps[at];
    switch (step.before->kind) {
        case host::FileKind::folder:
            TRY(files_.make_folder(step.path, step.before->mode));
            return files_.sync_folder(host::folder_of(step.path));  // before anything comes out of a staging folder into it
        case host::FileKind::link:
            TRY(files_.make_link(step.before->link_target, step.path));
            return dress_link(step);
        case host::FileKind::regular: {
            auto put = files_.rename_if_absent(kept_name(at), step.path);
            if (!put && put.error().code() == ErrorCode::not_found) return {};  // not ours to bring back: it was not touched yet
            return put;
        }
        case host::FileKind::other: break;
    }
    return fail(ErrorCode::bug, "put {} back: it was no file, folder or link", printable(step.path));
}

Result<void> FileSwap::undo_step(std::size_t at, std::vector<std::string>& warnings) {
    const auto& step = plan_.steps[at];
    const auto now = TRY(look(step.path));
    if (step.what == SwapStep::What::make_folder) {
        if (!now || now->kind != host::FileKind::folder) return {};
        auto removed = files_.remove_folder(step.path);
        if (removed || removed.error().code() != ErrorCode::exists) return removed;
        warnings.push_back(format("the folder {} stays: another program has put something into it", printable(step.path)));
        return {};
    }
    if (now && step.what == SwapStep::What::put && is_placed(step)) {
        const bool has_old = step.before && step.before->kind == host::FileKind::regular;
        if (has_old) return files_.rename(kept_name(at), step.path);
        TRY(files_.remove(step.path));
        return step.before ? put_back(at) : Result<void>();
    }
    if (!now) return step.before ? put_back(at) : Result<void>();
    if (step.before && is_untouched(*step.before, *now)) {
        return now->kind == host::FileKind::link ? dress_link(step) : Result<void>();
    }
    if (step.before || was_placed(step)) warnings.push_back(format("{} stays as another program has written it since", printable(step.path)));
    return {};
}

Result<std::vector<std::string>> FileSwap::undo() {
    std::vector<std::string> warnings;
    if (phase_ != Phase::staging) {
        for (std::size_t i = plan_.steps.size(); i-- > 0;) TRY(undo_step(i, warnings));
        TRY(sync_touched());
        for (const auto& step : plan_.steps) {
            if (step.what == SwapStep::What::remove_folder) dress(step.path, *step.before, warnings);
        }
        for (auto folder = plan_.folders.rbegin(); folder != plan_.folders.rend(); ++folder) {
            if (folder->before) dress(folder->path, *folder->before, warnings);
        }
        tell_of_owners(warnings);
    }
    TRY(clean_up());
    return warnings;
}

}  // namespace holdfast::live
