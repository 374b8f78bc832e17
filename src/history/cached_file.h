// Small files of the cache folder: what costs time to find out again, and is never trusted about what a repository holds.
// For this room only.
#pragma once

#include "holdfast/repository/repository.h"

namespace holdfast::history {

// SHA-256 of the record, then the record. Written without a sync: one that a power cut tore does not prove, and is as good
// as none. The key is of the repository, too, so that a copy of its folder elsewhere shares nothing by accident of names;
// the caller puts it into the record, and compares.
struct CachedFile {
    std::string kind;  // the folder in the cache
    std::string key;
    std::uint64_t size_max = 0;
};
std::optional<Bytes> read_cached(const repository::Repository& repository, const CachedFile& which);
// One that cannot be written costs time, and nothing else.
void write_cached(const repository::Repository& repository, const CachedFile& which, ByteView record) noexcept;

}  // namespace holdfast::history
