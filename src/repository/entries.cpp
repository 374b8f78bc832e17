#include "holdfast/repository/entries.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/directory.h"

namespace holdfast::repository {

namespace {

bool is_damage(ErrorCode code) { return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new; }

// Folders on the way from a companion to where the visit is, each with what is left of it.
class Visiting {
public:
    Visiting(const ChunkReader& chunks, const EntryVisit& visit) : chunks_(chunks), visit_(visit) {}

    Result<void> run(const DirectoryEntry& top) {
        TRY(meet(top.name, top));
        while (!open_.empty()) {
            auto& folder = open_.back();
            if (folder.next == folder.entries.size()) {
                open_.pop_back();
                continue;
            }
            const DirectoryEntry entry = std::move(folder.entries[folder.next++]);
            TRY(meet(folder.path + "/" + entry.name, entry));
        }
        return {};
    }

private:
    struct Folder {
        std::string path;
        std::vector<DirectoryEntry> entries;
        std::size_t next = 0;
    };

    Result<void> meet(std::string path, const DirectoryEntry& entry) {
        TRY(visit_.entry(path, entry));
        if (entry.type != EntryType::directory || (visit_.enter && !visit_.enter(entry))) return {};
        if (open_.size() == limits::folder_depth_max) return fail(ErrorCode::corrupt, "read folder {}: it is nested too deep", printable(path));
        auto entries = read_folder(chunks_, entry);
        if (entries) {
            open_.push_back({.path = std::move(path), .entries = *std::move(entries)});
            return {};
        }
        if (!visit_.damaged || !is_damage(entries.error().code())) return std::move(entries).error().while_doing(printable(path));
        visit_.damaged(path, entry, entries.error());
        return {};
    }

    const ChunkReader& chunks_;
    const EntryVisit& visit_;
    std::vector<Folder> open_;
};

}  // namespace

Result<std::vector<DirectoryEntry>> read_folder(const ChunkReader& chunks, const DirectoryEntry& folder) {
    HOLDFAST_ASSERT(folder.type == EntryType::directory);
    if (folder.content.size > limits::folder_listing_max) return fail(ErrorCode::corrupt, "read folder: its listing has {} bytes", folder.content.size);
    std::vector<Bytes> copies;
    if (folder.root_node) copies.push_back(*folder.root_node);
    const ContentReader reader(chunks, folder.content, std::move(copies));
    Bytes bytes(folder.content.size);
    TRY(reader.read(0, bytes));
    auto entries = TRY(decode_directory(bytes));
    // One that climbs out of its folder would be written where nobody asked.
    const auto is_plain = [](const DirectoryEntry& entry) {
        return entry.name != "." && entry.name != ".." && entry.name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
    };
    if (std::ranges::all_of(entries, is_plain)) return entries;
    return fail(ErrorCode::corrupt, "read folder: it holds what is no name of a file");
}

Result<void> visit_entries(const ChunkReader& chunks, const DirectoryEntry& top, const EntryVisit& visit) { return Visiting(chunks, visit).run(top); }

Result<void> visit_entries(const ChunkReader& chunks, const Snapshot& snapshot, const EntryVisit& visit) {
    for (const auto* entries : {&snapshot.members, &snapshot.companions})
        for (const auto& entry : *entries) TRY(visit_entries(chunks, entry, visit));
    return {};
}

std::string folder_of_entry(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string name_of_entry(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace holdfast::repository
