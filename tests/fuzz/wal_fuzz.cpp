// A write-ahead log. The first four bytes choose the frame up to which the wal-index vouches; the rest is the file.
#include <span>

#include "holdfast/base/wire.h"
#include "holdfast/sqlite/wal.h"
#include "support/bytes_vfs.h"

namespace {

using namespace holdfast;
using namespace holdfast::sqlite;

void read_some(const RawFile& wal, const WalMap& map) {
    const tests::BytesFile database(Bytes(1000));
    const RawFile below = database.open();
    const auto image = wal_image(below, wal, map);
    const std::uint32_t last = image->last_page().value;
    for (const std::uint32_t first : {1u, last / 2 + 1, last}) {
        const std::uint32_t count = std::min(last - first + 1, 3u);
        Bytes pages(std::size_t{count} * image->page_size().bytes());
        HOLDFAST_ASSERT(image->read({PageNumber{first}, count}, pages).ok());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const ByteView input = std::as_bytes(std::span(data, size));
    const tests::BytesFile file(copy_of(input.subspan(4)));
    const RawFile wal = file.open(RawFileKind::wal);
    const FrameNumber vouched{load<LittleEndian<std::uint32_t>>(input)};
    (void)scan_wal(wal, {.until = vouched, .vouched = true});
    const auto scanned = scan_wal(wal);
    if (!scanned || !*scanned || (*scanned)->last_frame.value == 0) return 0;
    const WalMap& map = **scanned;
    for (const auto& [page, frame] : map.frame_of) HOLDFAST_ASSERT(page != 0 && frame.value != 0 && frame <= map.last_frame);
    for (const WalScanOptions& options : {WalScanOptions{.until = map.last_frame}, {.resume = &map}}) {
        const auto again = scan_wal(wal, options);
        HOLDFAST_ASSERT(again && *again && (*again)->checksum == map.checksum && (*again)->frame_of == map.frame_of);
    }
    read_some(wal, map);
    return 0;
}
