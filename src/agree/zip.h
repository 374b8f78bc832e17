// Zip files, read: their directory, and their members, each proven by its CRC-32. Stored or deflated, with the sizes of zip64.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/agree/pull.h"

namespace holdfast::agree {

struct ZipMember {
    std::string name;
    std::uint64_t offset = 0;       // of its local header
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    bool is_encrypted = false;
};

// The file outlives it, and what it opens.
class Zip {
public:
    // `corrupt`: it is no zip, or ends too early. At most 10,000 members.
    static Result<Zip> open(const host::File& file);
    const std::vector<ZipMember>& members() const { return members_; }
    // `corrupt`: its header is another's; `unavailable`: encrypted, or compressed in a way that is not known. What is
    // pulled is never more than the size that the directory states.
    Result<std::unique_ptr<Pull>> pull(const ZipMember& member) const;

private:
    Zip(const host::File& file, std::uint64_t size) : file_(&file), size_(size) {}
    const host::File* file_;
    std::uint64_t size_;
    std::vector<ZipMember> members_;
};

}  // namespace holdfast::agree
