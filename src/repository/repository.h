// Repository: content kept once, sealed when asked. Opening, listing, reading, notes; Session writes; prune frees.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "holdfast/base/progress.h"
#include "holdfast/host/host.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/notes.h"
#include "holdfast/repository/presence.h"
#include "holdfast/repository/session.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

struct Ledger;

struct RepositoryOptions {
    Unlock unlock;
    std::string cache_folder;       // for hash caches; empty: none are kept
    host::WorkerPool* pool = nullptr;  // must be given for writing
    std::string audit_head = {};    // of the caller's audit log: goes into every snapshot and note that has none
    int compression_level = 0;      // 0: the default, measured (docs/decisions)
};

// A snapshot in the list, or why one is not.
struct SnapshotListing {
    std::vector<Snapshot> snapshots;      // ascending, without root nodes; void ones, and ones in a gap, are left out
    std::map<SnapshotNumber, Error> damaged;  // present but not provable, or (by its first number) an unexplained hole
    SnapshotNumber highest;               // the highest number ever claimed, as far as can be seen
};

enum class IndexRewrite { when_it_changes, always };

// Thread-safe. References to store and host outlive it.
class Repository {
public:
    static Result<Config> create(store::ObjectStore& store, host::Host host, const Unlock& unlock, const NewRepository& how);
    static Result<std::unique_ptr<Repository>> open(store::ObjectStore& store, host::Host host, RepositoryOptions options);
    ~Repository();

    const Config& config() const;
    const Keys& keys() const;
    store::ObjectStore& store() const;
    host::Host host() const;
    const RepositoryOptions& options() const;
    Index& index() const;              // opened at first use
    Result<void> open_index() const;   // must succeed before index() or chunks()
    Result<void> refresh_index() const;  // opens it, or finds what others have put since
    Result<std::uint64_t> flush_index() const;  // Index::flush, one caller at a time
    // Tables with all entries but those of packs that are gone, in place of the ones there are. What others put meanwhile
    // stays.
    Result<void> rewrite_index(const std::function<Result<bool>(const PackId&)>& is_gone, IndexRewrite when) const;
    const ChunkReader& chunks() const;

    Result<Snapshot> snapshot(SnapshotNumber number) const;      // not_found names the neighbours
    Result<std::vector<SnapshotNumber>> numbers() const;  // names only: ascending, void ones too, gaps left out; cheap
    Result<SnapshotListing> list() const;
    Result<NotesRead> notes() const;
    // Each note lasts when this returns; after an error some may have been written. Works on a full disk (reserve).
    Result<void> add_notes(std::span<const NewNote> notes);
    Result<void> add_note(SnapshotNumber number, const Note& note);

    // The newest snapshot for which `wanted` is true, reading from the newest backwards. Damaged ones are passed over.
    Result<std::optional<Snapshot>> newest(const std::function<bool(const Snapshot&)>& wanted) const;

    Result<std::unique_ptr<ContentReader>> open_content(const DirectoryEntry& entry) const;

    // Packs of which the index speaks and that are not there: removed by others than a prune, or by one that is at work or
    // died. By names only.
    Result<std::vector<PackId>> missing_packs() const;

    // Claims a number; see session.h. Trust::what_proves: a stored chunk is read and proven before the session leans on it;
    // what cannot be proven is stored again, which heals every snapshot that needs it.
    enum class Trust { what_is_there, what_proves };
    Result<std::unique_ptr<Session>> begin(std::string purpose, Trust trust = Trust::what_is_there);

    // A lease on a snapshot while it is being read; null (with a log line) where the store cannot be written.
    class Lease {
    public:
        virtual ~Lease() = default;
    };
    // not_found when the snapshot went before the lease was made.
    Result<std::unique_ptr<Lease>> lease(SnapshotNumber number) const;
    // Besides, nobody forgets or drops the snapshot itself while the lease lives: somebody relies on going back to it.
    // not_found when it was forgotten, or went, before that.
    Result<std::unique_ptr<Lease>> keep(SnapshotNumber number, std::string purpose) const;
    // The snapshots kept so by processes not known to have ended, and who they are.
    Result<std::map<SnapshotNumber, std::string>> kept_in_use() const;

    // Puts an object although the disk is full, by giving up the reserve. For notes and prune.
    Result<void> put_with_reserve(const store::ObjectName& name, ByteView bytes) const;

    // This process at work on something now, for claims, leases and lists.
    Presence presence(std::string purpose) const;

private:
    struct State;
    explicit Repository(std::unique_ptr<State> state);
    // Reads the ledger and keeps it for begin(), which may use it once.
    Result<Ledger> look_at_ledger() const;
    std::optional<Ledger> take_ledger_seen() const;

    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository
