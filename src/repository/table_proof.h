// TableProof: the first bytes of an index table, and the check or seal that they give to each of its blocks.
#pragma once

#include <optional>

#include "holdfast/repository/keys.h"

namespace holdfast::repository {

// Immutable; thread-safe.
class TableProof {
public:
    static Result<TableProof> begin(const Keys& keys, host::Random& random);       // for a new table
    static Result<TableProof> read(ByteView start, const Keys& keys);              // corrupt, too_new, denied
    ByteView start() const { return start_; }
    Bytes close(std::uint64_t number, ByteView block) const;                       // the block and its check, or sealed
    Result<Bytes> open(std::uint64_t number, ByteView block_and_check) const;      // corrupt

private:
    TableProof(Bytes start, std::optional<Aead> cipher) : start_(std::move(start)), cipher_(std::move(cipher)) {}
    Bytes start_;
    std::optional<Aead> cipher_;  // none: plain
};

}  // namespace holdfast::repository
