#include "holdfast/host/read_back.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast::host {

Result<void> expect_reads_back(const File& file, std::uint64_t offset, ByteView written) {
    std::array<std::byte, 64 * 1024> room;  // not initialised: it is read into
    while (!written.empty()) {
        const auto wanted = written.first(std::min(written.size(), room.size()));
        const auto there = MutableByteView(room).first(TRY(file.read_at(offset, MutableByteView(room).first(wanted.size()))));
        if (there.size() != wanted.size() || std::memcmp(there.data(), wanted.data(), wanted.size()) != 0) {
            const auto differs = std::ranges::mismatch(there, wanted).in1 - there.begin();
            return fail(ErrorCode::corrupt, "what was written reads back differently at byte {}", offset + static_cast<std::uint64_t>(differs))
                .with_advice("check the disk and the memory of this machine");
        }
        offset += wanted.size();
        written = written.subspan(wanted.size());
    }
    return {};
}

}  // namespace holdfast::host
