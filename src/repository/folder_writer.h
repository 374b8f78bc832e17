// FolderWriter: keeps what lies in a companion: many small files, at most an extent each, several at once; and listings.
#pragma once

#include "holdfast/repository/content_writer.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

struct FolderRequest {
    SnapshotNumber parent;                    // the session leans on it; 0: none
    std::optional<DirectoryEntry> before;     // the companion as that snapshot has it: its dictionary, and what lies in it
};

// Files to be kept, by their place in some list of the caller's.
class SmallFiles {
public:
    virtual ~SmallFiles() = default;
    virtual std::size_t count() const = 0;
    // What it was, if it is known: what the new content may lean on.
    virtual std::optional<ChunkId> before(std::size_t file) const = 0;
    // All of it, at most an extent. From several threads at once.
    virtual Result<Bytes> read(std::size_t file) const = 0;
    // In order, in the caller's thread: the content, or why it could not be read.
    virtual void kept(std::size_t file, Result<Content> content) = 0;
};

// One thread. The session outlives it.
class FolderWriter {
public:
    ~FolderWriter();
    // Which the plain chunks are compressed with, unless the companion has one already. The source is a sample of its files.
    Result<void> train(const ByteSource& sample);
    Result<void> keep_small(SmallFiles& files, const Watch& watch);
    struct Listing {
        const std::vector<DirectoryEntry>& entries;
        const DirectoryEntry* before = nullptr;  // the same folder, as open_before() has opened it; null: there is none
        RootNode root = RootNode::packed;
    };
    Result<KeptContent> keep_listing(const Listing& listing, const Watch& watch);
    // A folder of the companion as it was, of which contents may be taken over from here on. corrupt, not_found: it cannot be read.
    Result<std::vector<DirectoryEntry>> open_before(const DirectoryEntry& folder);

    const std::optional<ChunkId>& dictionary() const;  // for the companion's entry
    std::uint64_t bytes_stored() const;

private:
    friend class Session;
    struct State;
    explicit FolderWriter(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository
