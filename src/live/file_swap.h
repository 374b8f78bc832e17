// FileSwap: files and folders that are replaced together: staged first, then swapped, with a way back that a crash leaves to
// the next run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/host/lock_when_free.h"
#include "holdfast/live/swap_journal.h"

namespace holdfast::live {

// One at a time beside a path: its journal lies there, in a folder ".holdfast-restore". Not thread-safe.
//
// Each file keeps a second name in a staging folder until all is over, so that every state on the way can be told and taken
// back. Whoever writes to one of the files meanwhile stops it: nothing is replaced that is not as `before` says. Two programs
// that rename a file to the same name in the same instant are not told apart.
class FileSwap {
public:
    enum class Phase {
        staging,   // nothing has been changed yet
        swapping,  // some steps are done, perhaps
        swapped,   // all are
    };

    // `note` comes back from find() when this is not finished. busy: another one is at work, or was not finished.
    static Result<std::unique_ptr<FileSwap>> begin(host::Host host, const std::string& beside, Bytes note);
    // What one that was interrupted has left beside that path; null: nothing, or what one that had come to its end had not
    // removed yet. In phase staging nothing was changed by it, and what it staged goes with it; its note is empty where it had
    // not come to write it. busy: it is at work now, and does not end while this waits. corrupt: its journal is damaged, and
    // nothing was touched.
    static Result<std::unique_ptr<FileSwap>> find(host::Host host, const std::string& beside, const host::LockWait& wait = {});
    // The same by looking only, also at one that is at work; none: nothing is there.
    struct Trace {
        std::string folder;  // where the journal lies
        Phase phase = Phase::staging;
        Bytes note;
        bool is_at_work = false;
        bool is_over = false;  // it was interrupted while it removed what it no longer needed; find() removes that
        std::vector<std::string> replaced = {};  // of one that is over
    };
    static Result<std::optional<Trace>> look_beside(host::FileSystem& files, const std::string& beside);

    FileSwap(const FileSwap&) = delete;
    FileSwap& operator=(const FileSwap&) = delete;
    ~FileSwap();  // what was only staged is removed; anything else is left to the next run

    Phase phase() const { return phase_; }
    const Bytes& note() const { return stages_.note; }
    Result<void> set_note(Bytes note);  // durably; before carry_out()

    // A new folder (0700) on the file system of `root`, which need not be there: what is written there can be swapped for what
    // lies in it.
    Result<std::string> add_stage(const std::string& root);

    // Does all steps, durably; when one fails, those before it are undone.
    Result<void> carry_out(SwapPlan plan, const Watch& watch);
    // Of what else belongs to it, such as databases that were committed: remembered for find().
    Result<void> note_replaced(const std::string& what);
    const std::vector<std::string>& replaced() const { return replaced_; }

    // After carry_out(): folders get their modes, times and owners, and what is no longer needed goes; a replaced file that somebody wrote
    // to since, who had it open, stays beside the new one under a name of its own. Warnings, for people.
    Result<std::vector<std::string>> finish();
    // All is as it was, but for what others have written since: that is left, and told.
    Result<std::vector<std::string>> undo();
    // Everything stays as it is now, however far it had come; only the way back goes.
    Result<void> abandon() { return clean_up(); }

private:
    struct Place;
    FileSwap(host::Host host, std::unique_ptr<Place> place);
    Result<void> write_stages();
    Result<void> expect_movable();
    Result<void> keep_old(std::size_t step);
    Result<void> expect_old_untouched(std::size_t step);
    Result<void> do_all(const Watch& watch);
    Result<void> do_step(std::size_t step);
    Result<void> take_away(std::size_t step);
    Result<void> keep_what_was_written(std::vector<std::string>& warnings);
    Result<void> undo_step(std::size_t step, std::vector<std::string>& warnings);
    Result<void> put_back(std::size_t step);
    Result<void> dress_link(const SwapStep& step);
    void dress(const std::string& folder, const SeenThing& as, std::vector<std::string>& warnings);
    void give(const std::string& path, const SeenThing& as);
    void tell_of_owners(std::vector<std::string>& warnings);
    Result<std::optional<SeenThing>> look(const std::string& path) const;
    bool is_placed(const SwapStep& step) const;
    bool was_placed(const SwapStep& step) const;
    std::string kept_name(std::size_t step) const;
    Result<void> sync_touched();
    Result<void> clean_up();

    host::Host host_;
    host::FileSystem& files_;
    std::unique_ptr<Place> place_;
    Phase phase_ = Phase::staging;
    SwapStages stages_;
    SwapPlan plan_;
    std::vector<std::string> replaced_;
    struct {
        std::string first, why;
        std::uint64_t count = 0;
    } not_given_;  // to their owners
    bool is_over_ = false;
};

// Folders that restores work in, by their names: no part of what they lie in.
bool is_restore_folder(std::string_view name);

}  // namespace holdfast::live
