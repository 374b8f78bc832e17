// Recorder: one backup being written: images in, a committed snapshot out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "holdfast/history/history.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// Who a source is (DECISIONS 22): found again by machine and path set, or by name.
struct SourceIdentity {
    repository::SourceRecord record;
    std::optional<repository::Snapshot> parent;  // its newest snapshot, also when forgotten
};
struct SourceQuestion {
    std::string name;                 // --source; empty: by machine and paths
    std::string machine;
    std::vector<std::string> paths;   // canonical
    std::array<std::byte, 16> fresh_id{};  // used when the source is new
};
// `invalid` when it cannot be told which of several it is: names them and asks for --source.
Result<SourceIdentity> find_source(const repository::Repository& repository, const SourceQuestion& question);

// One member of a Recorder. look() as often as the database must be looked at again; the last look counts.
class MemberRecorder {
public:
    virtual ~MemberRecorder() = default;
    virtual Result<void> look(const sqlite::Image& image, const Watch& watch) = 0;
    // Bytes of something that is no image (a damaged original and its sidecars): kept as kind raw.
    virtual Result<void> look_raw(const repository::ByteSource& source, const Watch& watch) = 0;
    virtual Result<void> finish(repository::DirectoryEntry entry) = 0;  // content and root node are filled in
    virtual const repository::KeptContent& kept() const = 0;            // after finish
};

struct RecorderOptions {
    bool everything = false;  // --full
};
class Recorder {
public:
    static Result<std::unique_ptr<Recorder>> begin(repository::Repository& repository, SourceIdentity source, RecorderOptions options);
    virtual ~Recorder() = default;
    virtual repository::SnapshotNumber number() const = 0;
    virtual Result<std::unique_ptr<MemberRecorder>> member(const std::string& name, std::uint32_t unit) = 0;
    // A member that did not change since the parent: its entry is taken over without reading.
    virtual Result<void> take_over(const repository::DirectoryEntry& entry) = 0;
    virtual void failed(const std::string& path, const Error& error) = 0;
    virtual Result<repository::Snapshot> commit(repository::Snapshot draft) = 0;
};

// What the caller knew of a member when it was last kept (live's appearance text), remembered in the local cache and
// bound to the content; for not reading what did not change. Absent when anything is doubtful.
struct Remembered {
    std::string appearance;
    Timestamp frozen;
    repository::Content content;
};
std::optional<Remembered> recall_appearance(const repository::Repository& repository, const repository::SourceRecord& source, const std::string& member);
void remember_appearance(const repository::Repository& repository, const repository::SourceRecord& source, const std::string& member, const Remembered& what) noexcept;

}  // namespace holdfast::history
