// Recorder: one backup being written: images in, a committed snapshot out. And whose backup it is.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "holdfast/history/history.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// Who a source is (DECISIONS 22): found again by machine and path set, or by name.
struct SourceIdentity {
    repository::SourceRecord record;
    std::optional<repository::Snapshot> parent;  // its newest snapshot, of any kind, also when forgotten
    std::map<std::string, std::string> moved = {};  // members of a new name: how the parent calls them
    bool is_new() const { return !parent; }
};
struct SourceQuestion {
    std::string name;                       // --source: a name, or an id prefix; empty: by machine and paths
    bool renames = false;                   // no source is called so: the one with these paths is, from now on
    std::string machine;
    std::vector<std::string> paths;         // canonical
    std::array<std::byte, 16> fresh_id{};   // used when the source is new
};
// The source whose newest snapshot is of this machine and these paths; with a name, the one called so. None: a new one,
// named as asked or after its first path, never like another. `invalid` when several have the name: it lists them, and
// asks for --source with an id.
Result<SourceIdentity> find_source(const repository::Repository& repository, const SourceQuestion& question);

// How a database was kept the last time, and in which snapshot of the source that was; none when it never was.
struct KeptBefore {
    repository::SnapshotNumber snapshot;
    repository::DirectoryEntry entry;
};
Result<std::optional<KeptBefore>> kept_before(const repository::Repository& repository, const SourceIdentity& source,
                                              const std::string& member);
// The same for a companion.
Result<std::optional<KeptBefore>> companion_before(const repository::Repository& repository, const SourceIdentity& source, const std::string& companion);

// One member of a Recorder. look() as often as the database must be looked at again; the last look counts.
class MemberRecorder {
public:
    virtual ~MemberRecorder() = default;
    virtual Result<void> look(const sqlite::Image& image, const Watch& watch) = 0;
    // Bytes of something that is no image (a damaged original and its sidecars): kept as kind raw.
    virtual Result<void> look_raw(const repository::ByteSource& source, const Watch& watch) = 0;
    // The last look failed because the image could not be read; false: because it could not be kept.
    virtual bool failed_at_source() const = 0;
    // Content, root node, dictionary and the plain SHA-256 (of a database, when known) are filled in; the rest is the
    // caller's word. Once.
    virtual Result<void> finish(repository::DirectoryEntry entry) = 0;
    virtual const repository::KeptContent& kept() const = 0;  // after finish
};

// One thing of a companion: a file, a folder or a link. Not its content, but for what is as it was.
struct CompanionThing {
    std::string path;                   // below the companion, '/' between names; empty: the companion itself
    repository::DirectoryEntry entry;   // but for name and content; of a file the size
    bool is_unchanged = false;          // since the companion was last kept: it need not be read
    bool is_to_be_proven = false;       // it is read all the same, and has to be what it was
};
// A companion as it lies there. The things are ordered so that a folder stands before what lies in it, which comes in the
// order of names; the first is the companion itself.
struct CompanionToKeep {
    std::string name;                   // its canonical path
    repository::CompanionRules rules = {};
    std::vector<std::string> removed = {};  // DirectoryEntry::removed
    std::vector<CompanionThing> things;
    // The file of things[i]. From several threads at once. A read that fails is the file's fault.
    std::function<Result<std::unique_ptr<repository::ByteSource>>(std::size_t thing)> open;
};
struct KeptCompanion {
    struct Failure {
        std::string path;
        Error why;
        bool was_kept_before = false;
    };
    repository::DirectoryEntry entry;
    bool is_kept = true;                // false: it is a file itself, and could not be read; there is no entry
    std::vector<Failure> failures;      // files that could not be read: they are not in it
    std::vector<std::string> mismatches;  // files that were unchanged, by what was told, and are not
    std::vector<std::string> gone;      // files and folders below it that were in it when it was last kept by the same rules, and are not among the things now
    std::vector<std::string> emptied;   // files below it of 0 bytes that held something when it was last kept
    bool is_same = false;               // as when it was last kept, with owners, modes and times
    std::uint64_t files = 0, files_changed = 0, bytes = 0;  // of those in it
    std::uint64_t bytes_read = 0, bytes_stored = 0;
};

struct RecorderOptions {
    std::string purpose = "backup";  // for people who look what is running
    bool everything = false;         // --full: read and name everything, and prove what is stored before leaning on it
};
// Destroyed without commit: nothing was backed up, and the number stays unused.
class Recorder {
public:
    static Result<std::unique_ptr<Recorder>> begin(repository::Repository& repository, SourceIdentity source,
                                                   RecorderOptions options);
    virtual ~Recorder() = default;
    virtual repository::SnapshotNumber number() const = 0;
    // A member about to be looked at; belongs to the recorder, and is kept only when it is finished. `unit` is the page
    // size (any power of two up to 65536 for raw bytes).
    virtual Result<MemberRecorder*> member(const std::string& name, std::uint32_t unit) = 0;
    // A companion and all that lies in it. The last time counts for each.
    virtual Result<KeptCompanion> companion(const CompanionToKeep& companion, const Watch& watch) = 0;
    // One that did not change since, as in take_over(). `bytes`: of all its files.
    virtual Result<void> take_over_companion(KeptBefore before, std::uint64_t bytes) = 0;
    // A member that did not change since: its entry is taken over without reading. `not_found`: that snapshot has been
    // dropped meanwhile, and the database must be read.
    virtual Result<void> take_over(KeptBefore before) = 0;
    virtual void failed(const std::string& path, const Error& error) = 0;
    // What was given so far is not in the backup: it begins anew, and stores little again.
    virtual void begin_anew() = 0;
    // The draft's source, members, failures, partial flag and statistics of bytes are filled in. `busy`: a prune voided
    // the number while this process slept; nothing is lost, begin again.
    virtual Result<repository::Snapshot> commit(repository::Snapshot draft) = 0;
    virtual std::vector<std::string> warnings() const = 0;  // of all members
};

// What the caller knew of a member when it was last kept (live's appearance text), remembered in the local cache and
// bound to the content; for not reading what did not change. Absent when anything is doubtful.
struct Remembered {
    std::string appearance;
    Timestamp frozen{};
    repository::Content content{};
};
// Which member of which source.
struct MemberKey {
    std::array<std::byte, 16> source{};
    std::string member;
};
std::optional<Remembered> recall_appearance(const repository::Repository& repository, const MemberKey& key);
void remember_appearance(const repository::Repository& repository, const MemberKey& key, const Remembered& what) noexcept;

}  // namespace holdfast::history
