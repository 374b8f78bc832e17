// LineageDictionary: what the plain chunks of one lineage are compressed with: the backup's before, or one trained now.
#pragma once

#include <optional>

#include "holdfast/repository/extent_encoder.h"
#include "holdfast/repository/session.h"

namespace holdfast::repository {

// Of one session, whose parts it uses.
class LineageDictionary {
public:
    explicit LineageDictionary(Session::State& session) : session_(session) {}

    // False: there is none, or it cannot be used any more.
    Result<bool> take_over(const std::optional<ChunkId>& before, ExtentEncoder& encoder);
    // Does nothing where the source is too small, or gives too little to learn from.
    Result<void> train(const ByteSource& source, std::uint32_t unit, ExtentEncoder& encoder);

    const std::optional<ChunkId>& id() const { return id_; }
    std::uint64_t bytes_stored() const { return bytes_stored_; }

private:
    Session::State& session_;
    std::optional<ChunkId> id_;
    std::uint64_t bytes_stored_ = 0;
};

}  // namespace holdfast::repository
