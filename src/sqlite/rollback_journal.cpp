#include "holdfast/sqlite/rollback_journal.h"

#include <algorithm>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::sqlite {
namespace {

constexpr std::array<std::uint8_t, 8> magic = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
constexpr std::uint32_t count_unknown = 0xFFFFFFFF;

// At the start of each segment, padded to a sector.
struct SegmentHeader {
    std::array<std::uint8_t, 8> start;
    BigEndian<std::uint32_t> records;
    BigEndian<std::uint32_t> nonce;
    BigEndian<std::uint32_t> original_pages;
    BigEndian<std::uint32_t> sector_size;
    BigEndian<std::uint32_t> page_size;
};
static_assert(sizeof(SegmentHeader) == 28);

std::uint32_t record_checksum(std::uint32_t nonce, ByteView page) {
    std::uint32_t sum = nonce;
    for (std::size_t i = page.size() - 200; i > 0 && i < page.size(); i -= 200) sum += std::to_integer<std::uint32_t>(page[i]);
    return sum;
}

bool is_power_of_two(std::uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

class Scan {
public:
    Scan(const RawFile& journal, std::uint64_t size, JournalMap map) : journal_(journal), size_(size), map_(std::move(map)) {}

    // Every segment whose header stands; the first record of a page is its original.
    Result<JournalMap> run(std::uint32_t sector_size) {
        std::uint64_t offset = 0;
        bool is_first = true;
        while (offset + sizeof(SegmentHeader) <= size_) {
            const auto header = TRY(read_header(offset));
            if (header.start != magic) break;
            if (is_first) map_.original_pages = PageNumber{header.original_pages};
            is_first = false;
            const std::uint64_t first_record = offset + sector_size;
            const auto end = TRY(read_records(header, first_record));
            if (!end) break;
            offset = (*end + sector_size - 1) / sector_size * sector_size;
        }
        map_.super_journal = TRY(read_super_journal());
        return std::move(map_);
    }

private:
    Result<SegmentHeader> read_header(std::uint64_t offset) const {
        Bytes bytes(sizeof(SegmentHeader));
        TRY(journal_.read(offset, bytes));
        return load<SegmentHeader>(bytes);
    }

    // The offset behind the last record; nullopt when a record does not prove, which ends the playback.
    Result<std::optional<std::uint64_t>> read_records(const SegmentHeader& header, std::uint64_t offset) {
        const std::uint64_t record_size = 8 + std::uint64_t{map_.page_size.bytes()};
        const std::uint64_t fitting = size_ > offset ? (size_ - offset) / record_size : 0;
        const std::uint64_t count = header.records == count_unknown ? fitting : std::min<std::uint64_t>(header.records, fitting);
        Bytes record(static_cast<std::size_t>(record_size));
        for (std::uint64_t i = 0; i < count; ++i, offset += record_size) {
            TRY(journal_.read(offset, record));
            const std::uint32_t page = load<BigEndian<std::uint32_t>>(record);
            const ByteView content = ByteView(record).subspan(4, map_.page_size.bytes());
            const std::uint32_t sum = load<BigEndian<std::uint32_t>>(ByteView(record).last(4));
            if (page == 0 || page == lock_page(map_.page_size).value || sum != record_checksum(header.nonce, content)) return std::optional<std::uint64_t>();
            if (page <= map_.original_pages.value) map_.offset_of_page.try_emplace(page, offset + 4);
        }
        if (count < header.records && header.records != count_unknown) return std::optional<std::uint64_t>();
        return std::optional(offset);
    }

    // At the very end: lock page number, name, length, sum of the name's bytes, magic.
    Result<std::string> read_super_journal() const {
        constexpr std::uint64_t tail_size = 16;
        constexpr std::uint32_t name_size_max = 4096;
        if (size_ < tail_size + 4) return std::string();
        Bytes tail(tail_size);
        TRY(journal_.read(size_ - tail_size, tail));
        const std::uint32_t length = load<BigEndian<std::uint32_t>>(tail), sum = load<BigEndian<std::uint32_t>>(ByteView(tail).subspan(4));
        if (std::memcmp(tail.data() + 8, magic.data(), magic.size()) != 0 || length == 0 || length > name_size_max || length + tail_size + 4 > size_) return std::string();
        Bytes name(length);
        TRY(journal_.read(size_ - tail_size - length, name));
        std::uint32_t found = 0;
        for (const std::byte b : name) found += static_cast<std::uint32_t>(static_cast<std::int32_t>(static_cast<std::int8_t>(std::to_integer<std::uint8_t>(b))));
        return found == sum ? std::string(text_of(name)) : std::string();
    }

    const RawFile& journal_;
    std::uint64_t size_;
    JournalMap map_;
};

class JournalImage : public Image {
public:
    JournalImage(const RawFile& database, const RawFile& journal, JournalMap map) : database_(database), journal_(journal), map_(std::move(map)) {}
    PageSize page_size() const override { return map_.page_size; }
    PageNumber last_page() const override { return map_.original_pages; }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(expect_readable(*this, range, into));
        TRY(database_.read(offset_of(range.first, map_.page_size), into));
        for (std::uint32_t i = 0; i < range.count; ++i) {
            const auto at = map_.offset_of_page.find(range.first.value + i);
            if (at != map_.offset_of_page.end()) TRY(journal_.read(at->second, into.subspan(std::size_t{i} * map_.page_size.bytes(), map_.page_size.bytes())));
        }
        blank_lock_page(map_.page_size, range, into);
        return {};
    }

private:
    const RawFile& database_;
    const RawFile& journal_;
    JournalMap map_;
};

}  // namespace

Result<std::optional<JournalMap>> scan_journal(const RawFile& journal, PageSize fallback_page_size) {
    const std::uint64_t size = TRY(journal.size());
    Bytes first(sizeof(SegmentHeader));
    if (size < first.size()) return std::optional<JournalMap>();
    TRY(journal.read(0, first));
    const auto header = load<SegmentHeader>(first);
    if (header.start != magic) return std::optional<JournalMap>();
    const std::uint32_t sector = is_power_of_two(header.sector_size) && header.sector_size >= 32 && header.sector_size <= 65536 ? std::uint32_t{header.sector_size} : 512;
    const auto page_size = PageSize::from_bytes(header.page_size);
    JournalMap map{.page_size = page_size ? *page_size : fallback_page_size, .original_pages = {}, .offset_of_page = {}, .super_journal = {}};
    return std::optional(TRY(Scan(journal, size, std::move(map)).run(sector)));
}

std::unique_ptr<Image> journal_image(const RawFile& database, const RawFile& journal, JournalMap map) {
    return std::make_unique<JournalImage>(database, journal, std::move(map));
}

}  // namespace holdfast::sqlite
