#include "holdfast/sqlite/wal.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint32_t magic_little_endian_words = 0x377f0682;
constexpr std::uint32_t magic_big_endian_words = 0x377f0683;
constexpr std::uint32_t known_version = 3007000;
constexpr std::uint64_t read_step_bytes = 1024 * 1024;
constexpr std::size_t small_transaction_pages = 1024;

struct StoredHeader {
    BigEndian<std::uint32_t> magic;
    BigEndian<std::uint32_t> version;
    BigEndian<std::uint32_t> page_size;
    BigEndian<std::uint32_t> checkpoint_sequence;
    std::array<std::byte, 8> salts;
    BigEndian<std::uint32_t> checksum_0;
    BigEndian<std::uint32_t> checksum_1;
};
static_assert(sizeof(StoredHeader) == wal_header_size);

struct StoredFrameHeader {
    BigEndian<std::uint32_t> page;
    BigEndian<std::uint32_t> database_pages;  // not 0: a commit
    std::array<std::byte, 8> salts;
    BigEndian<std::uint32_t> checksum_0;
    BigEndian<std::uint32_t> checksum_1;
    WalChecksum checksum() const { return {checksum_0, checksum_1}; }
};
static_assert(sizeof(StoredFrameHeader) == wal_frame_header_size);
constexpr std::size_t summed_bytes_of_frame_header = 8;

// Follows the chain of frames and keeps what the commits among them say.
class FrameChain {
public:
    FrameChain(WalMap start, bool vouched)
        : map_(std::move(start)), running_(map_.checksum), frame_(map_.last_frame), vouched_(vouched) {}

    // False: the frame does not belong to the chain, nor does anything after it.
    bool add(ByteView frame) {
        const auto header = load<StoredFrameHeader>(frame);
        const bool proven = header.salts == map_.header.salts && checksum_at(frame) == header.checksum();
        if (header.page == 0 || (!proven && !vouched_)) return false;
        running_ = header.checksum();
        ++frame_.value;
        if (!proven && map_.unproven_from.value == 0) map_.unproven_from = frame_;
        if (header.page == 1 && first_of_page_one_.value == 0) first_of_page_one_ = frame_;
        uncommitted_[header.page] = frame_;
        if (header.database_pages != 0) commit(PageNumber{header.database_pages});
        return true;
    }
    WalMap take() && { return std::move(map_); }

private:
    WalChecksum checksum_at(ByteView frame) const {
        const bool big = map_.header.big_endian_checksum;
        return wal_checksum(wal_checksum(running_, frame.first(summed_bytes_of_frame_header), big),
                            frame.subspan(wal_frame_header_size), big);
    }
    void commit(PageNumber database_pages) {
        if (map_.first_of_page_one.value == 0) map_.first_of_page_one = first_of_page_one_;
        for (const auto& [page, frame] : uncommitted_) map_.frame_of[page] = frame;
        // clear() costs the table's size, which one huge transaction would leave behind for every later commit.
        if (uncommitted_.size() > small_transaction_pages) {
            uncommitted_ = {};
        } else {
            uncommitted_.clear();
        }
        map_.last_frame = frame_;
        map_.database_pages = database_pages;
        map_.checksum = running_;
    }

    WalMap map_;
    WalChecksum running_;
    FrameNumber frame_;
    bool vouched_;
    FrameNumber first_of_page_one_;  // committed or not: it counts when a commit follows
    std::unordered_map<std::uint32_t, FrameNumber> uncommitted_;
};

Result<std::optional<WalHeader>> read_header(const RawFile& wal, std::uint64_t file_size) {
    if (file_size < wal_header_size) return std::optional<WalHeader>();
    std::array<std::byte, wal_header_size> bytes{};
    TRY(wal.read(0, bytes));
    auto header = parse_wal_header(bytes);
    if (header) return std::optional(*header);
    if (header.error().code() == ErrorCode::corrupt) return std::optional<WalHeader>();
    return std::move(header).error();
}

// The frames of `resume` were proven when it was made, and committed frames are never overwritten while the header
// stands; but what was taken for a commit may have been one that no connection acknowledged, and was overwritten.
Result<bool> still_stands(const RawFile& wal, const WalHeader& header, const WalMap& resume) {
    if (resume.last_frame.value == 0 || resume.unproven_from.value != 0 || resume.header != header) return false;
    std::array<std::byte, wal_frame_header_size> bytes{};
    TRY(wal.read(offset_of(resume.last_frame, header.page_size), bytes));
    const auto frame = load<StoredFrameHeader>(bytes);
    return frame.salts == header.salts && frame.database_pages == resume.database_pages.value &&
           frame.checksum() == resume.checksum;
}

Result<WalMap> map_to_start_from(const RawFile& wal, const WalHeader& header, const WalScanOptions& options) {
    const bool resumes = options.resume && (!options.until || options.resume->last_frame <= *options.until) &&
                         TRY(still_stands(wal, header, *options.resume));
    if (resumes) return *options.resume;
    return WalMap{.header = header,
                  .last_frame = {},
                  .database_pages = {},
                  .checksum = header.checksum,
                  .frame_of = {},
                  .first_of_page_one = {},
                  .unproven_from = {}};
}

struct Stretch {
    std::uint64_t last_frame;
    bool vouched;
};

Result<WalMap> follow(const RawFile& wal, WalMap start, Stretch stretch) {
    const std::uint64_t last_frame = stretch.last_frame;
    const PageSize page_size = start.header.page_size;
    const std::uint64_t frame_size = wal_frame_header_size + page_size.bytes();
    const std::uint64_t frames_per_step = std::max<std::uint64_t>(1, read_step_bytes / frame_size);
    std::uint64_t next = std::uint64_t{start.last_frame.value} + 1;
    if (next > last_frame) return start;
    FrameChain chain(std::move(start), stretch.vouched);
    Buffer buffer(std::min(frames_per_step, last_frame - next + 1) * frame_size);
    while (next <= last_frame) {
        const std::uint64_t count = std::min(frames_per_step, last_frame - next + 1);
        const auto frames = buffer.span().first(count * frame_size);
        TRY(wal.read(offset_of(FrameNumber{static_cast<std::uint32_t>(next)}, page_size), frames));
        for (std::uint64_t i = 0; i < count; ++i) {
            if (!chain.add(frames.subspan(i * frame_size, frame_size))) return std::move(chain).take();
        }
        next += count;
    }
    return std::move(chain).take();
}

}  // namespace

WalChecksum wal_checksum(WalChecksum start, ByteView bytes, bool big_endian_words) {
    HOLDFAST_ASSERT(bytes.size() % 8 == 0);
    const auto sum = [&](auto word_of) {
        std::uint32_t s0 = start.s0, s1 = start.s1;
        for (const std::byte* at = bytes.data(); at != bytes.data() + bytes.size(); at += 8) {
            std::uint32_t words[2];
            std::memcpy(words, at, 8);
            s0 += word_of(words[0]) + s1;
            s1 += word_of(words[1]) + s0;
        }
        return WalChecksum{s0, s1};
    };
    if (big_endian_words == (std::endian::native == std::endian::big)) return sum([](std::uint32_t word) { return word; });
    return sum([](std::uint32_t word) { return std::byteswap(word); });
}

Result<WalHeader> parse_wal_header(ByteView bytes) {
    if (bytes.size() < wal_header_size) {
        return fail(ErrorCode::corrupt, "write-ahead log: {} bytes are too few for its header", bytes.size());
    }
    const auto stored = load<StoredHeader>(bytes);
    if (stored.magic != magic_little_endian_words && stored.magic != magic_big_endian_words) {
        return fail(ErrorCode::corrupt, "write-ahead log: {:#010x} at byte 0 is not its magic number",
                    std::uint32_t{stored.magic});
    }
    auto page_size = PageSize::from_bytes(stored.page_size);
    if (!page_size) return std::move(page_size).error().while_doing("write-ahead log, byte 8");
    const bool big = stored.magic == magic_big_endian_words;
    const WalChecksum checksum{stored.checksum_0, stored.checksum_1};
    if (wal_checksum({}, bytes.first(offsetof(StoredHeader, checksum_0)), big) != checksum) {
        return fail(ErrorCode::corrupt, "write-ahead log: the checksum of its header is wrong");
    }
    if (stored.version != known_version) {
        return fail(ErrorCode::too_new, "write-ahead log: unknown version {}", std::uint32_t{stored.version});
    }
    return WalHeader{.page_size = *page_size,
                     .big_endian_checksum = big,
                     .checkpoint_sequence = stored.checkpoint_sequence,
                     .salts = stored.salts,
                     .checksum = checksum};
}

Result<std::optional<WalMap>> scan_wal(const RawFile& wal, WalScanOptions options) {
    const std::uint64_t file_size = TRY(wal.size());
    const auto header = TRY(read_header(wal, file_size));
    const std::uint32_t until = options.until ? options.until->value : 0;
    if (!header && until == 0) return std::optional<WalMap>();
    if (!header) return fail(ErrorCode::corrupt, "write-ahead log: it has no valid header, but frame {} is committed", until);
    const std::uint64_t frame_size = wal_frame_header_size + header->page_size.bytes();
    const std::uint64_t in_file = std::min<std::uint64_t>((file_size - wal_header_size) / frame_size, 0xffffffff);
    const Stretch stretch{.last_frame = options.until ? std::min<std::uint64_t>(until, in_file) : in_file,
                          .vouched = options.vouched && options.until};
    auto map = TRY(follow(wal, TRY(map_to_start_from(wal, *header, options)), stretch));
    if (options.until && map.last_frame != *options.until) {
        return fail(ErrorCode::corrupt, "write-ahead log: frame {} is not a commit at the end of a valid chain; the last is {}",
                    until, map.last_frame.value);
    }
    return std::optional(std::move(map));
}

}  // namespace holdfast::sqlite
