// ContentWriter: keeps a file's content: finds what changed, names it, encodes it, packs it; memory is bounded.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "holdfast/base/progress.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/tree.h"

namespace holdfast::repository {

// Bytes by position. Safe to read from several threads at once.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    virtual std::uint64_t size() const = 0;
    virtual Result<void> read(std::uint64_t offset, MutableByteView into) const = 0;
    // Where the next byte from `offset` lies that may be other than zero, at the latest the size: before it are zeros, which
    // need not be read.
    virtual std::uint64_t next_data(std::uint64_t offset) const { return offset; }
};

// Everything a look needs to know about the content before it. All optional: without it everything is new.
struct Before {
    SnapshotNumber snapshot;              // the parent, which the session leans on (Session::lean_on)
    Content content;                      // the parent's; its chunks are what patches lean on
    std::vector<Bytes> root_nodes;        // copies of root nodes, from the parent's snapshot
    std::optional<ChunkId> dictionary;    // of the lineage
};

// Where the root node of a tree goes: beside the directory in the snapshot, for members and companions, or into a pack, for
// what lies in a companion's folders.
enum class RootNode : std::uint8_t { beside, packed };

// Of many files: what they are compressed with, if there is one. None of them has one of its own.
struct SharedDictionary {
    std::optional<ChunkId> id;
};

struct KeepRequest {
    std::string like;                     // lineage: key of the local hash cache (source id and member)
    std::optional<Before> before;
    std::uint32_t unit = 4096;            // page size: what moves and changes as a whole; divides 65536
    bool everything = false;              // --full: read and name every extent, believe no cache
    RootNode root = RootNode::beside;
    std::optional<SharedDictionary> shared = {};  // instead of one of the lineage's own
};

struct KeptContent {
    Content content;
    std::optional<Bytes> root_node;       // node bytes when levels >= 1, with RootNode::beside: goes into the snapshot
    std::optional<Hash> plain_sha256;     // with `everything`, when one look saw all bytes in order
    std::optional<ChunkId> dictionary;    // goes into the directory entry, for the next backup
    std::uint64_t bytes_read = 0;
    std::uint64_t units_changed = 0;      // pages that differ from before (all of them when there was none)
    std::uint64_t extents_changed = 0;
    std::uint64_t extents_shifted = 0;    // of these: nothing of it lies where it lay, but most of it elsewhere; of fixed ones
    std::uint64_t bytes_stored = 0;       // entries put into packs
};

class Session;

// One file of one session, which outlives it. One look at a time in a session. look() may be called again when the source may have changed meanwhile (a database that
// was read without a lock, then under one): only what differs from the look before is stored again; the last counts.
class ContentWriter {
public:
    ~ContentWriter();
    ContentWriter(ContentWriter&&) noexcept;
    // When the rotating check finds the local cache wrong, the cache is dropped and the look repeated without it; that is
    // a warning in warnings(). After an error the writer is of no more use.
    Result<void> look(const ByteSource& source, const Watch& watch);
    Result<KeptContent> finish();         // builds the tree; once
    // To be called after the snapshot is committed: remembers fingerprints for the next time. Failure is harmless.
    void remember() noexcept;
    const std::vector<std::string>& warnings() const;

private:
    friend class Session;
    struct State;
    explicit ContentWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository
