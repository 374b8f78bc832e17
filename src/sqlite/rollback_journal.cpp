#include "holdfast/sqlite/rollback_journal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/sqlite/overlay_image.h"

namespace holdfast::sqlite {
namespace {

using Magic = std::array<std::uint8_t, 8>;
constexpr Magic magic{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

// Every field big-endian. A header takes a whole sector, whose size the first one tells.
struct StoredHeader {
    Magic magic;
    BigEndian<std::uint32_t> records;
    BigEndian<std::uint32_t> nonce;
    BigEndian<std::uint32_t> original_pages;
    BigEndian<std::uint32_t> sector_size;
    BigEndian<std::uint32_t> page_size;
};
static_assert(sizeof(StoredHeader) == 28);

// At the end of the file, after the name itself.
struct StoredSuperJournal {
    BigEndian<std::uint32_t> name_size;
    BigEndian<std::uint32_t> name_sum;
    Magic magic;
};
static_assert(sizeof(StoredSuperJournal) == 16);

constexpr std::uint32_t as_many_records_as_fit = 0xffffffff;  // written without syncs
constexpr std::uint64_t smallest_journal = 512;               // the sector SQLite assumes before it has read one
constexpr std::uint32_t smallest_sector = 32;
constexpr std::uint32_t largest_sector = 65536;
constexpr std::uint32_t super_journal_name_max = 512;  // SQLite's longest path
constexpr std::uint64_t read_step_bytes = 1024 * 1024;
constexpr std::uint32_t sum_stride = 200;

// The file from front to back, in large reads; short where the file ends.
class JournalReader {
public:
    JournalReader(const RawFile& file, std::uint64_t size) : file_(file), size_(size) {}
    std::uint64_t size() const { return size_; }
    // A view that holds until the next call. `wanted` is at most a record or a header.
    Result<ByteView> at(std::uint64_t offset, std::uint64_t wanted) {
        const std::uint64_t there = offset < size_ ? std::min(wanted, size_ - offset) : 0;
        if (offset < start_ || offset + there > start_ + filled_) {
            if (buffer_.size() == 0) buffer_ = Buffer(std::min(size_, read_step_bytes));
            HOLDFAST_ASSERT(there <= buffer_.size());
            filled_ = std::min<std::uint64_t>(buffer_.size(), size_ - std::min(offset, size_));
            start_ = offset;
            TRY(file_.read(start_, buffer_.span().first(filled_)));
        }
        return buffer_.view().subspan(offset - start_, there);
    }

private:
    const RawFile& file_;
    std::uint64_t size_;
    Buffer buffer_;
    std::uint64_t start_ = 0, filled_ = 0;
};

std::uint32_t sum_of_page(std::uint32_t nonce, ByteView page) {
    std::uint32_t sum = nonce;
    for (std::size_t i = page.size() - sum_stride; i > 0 && i < page.size(); i -= sum_stride) {
        sum += std::to_integer<std::uint32_t>(page[i]);
    }
    return sum;
}

std::optional<StoredHeader> header_in(ByteView bytes) {
    if (bytes.size() < sizeof(StoredHeader)) return std::nullopt;
    const auto header = load<StoredHeader>(bytes);
    return header.magic == magic ? std::optional(header) : std::nullopt;
}

// Plays the journal back into a map of offsets. Each step mirrors one of SQLite's rollback, so that a torn, stale or
// damaged journal ends for us where it ends for SQLite.
class Playback {
public:
    Playback(JournalReader& reader, JournalMap& map, std::uint32_t sector_size)
        : reader_(reader), map_(map), sector_size_(sector_size), lock_page_(lock_page(map.page_size)) {}

    Result<void> run() {
        std::uint64_t offset = 0;
        while (offset + sector_size_ <= reader_.size()) {
            const auto header = header_in(TRY(reader_.at(offset, sizeof(StoredHeader))));
            if (!header) return {};
            const auto end = TRY(segment(*header, offset + sector_size_));
            if (!end) return {};
            offset = (*end + sector_size_ - 1) / sector_size_ * sector_size_;
        }
        return {};
    }

private:
    // Where the segment ends; nullopt: playback ends with it.
    Result<std::optional<std::uint64_t>> segment(const StoredHeader& header, std::uint64_t offset) {
        const std::uint64_t page_bytes = map_.page_size.bytes(), record = 4 + page_bytes + 4;
        std::uint64_t records = header.records;
        if (records == as_many_records_as_fit) records = (reader_.size() - sector_size_) / record;
        for (std::uint64_t i = 0; i < records; ++i, offset += record) {
            const auto bytes = TRY(reader_.at(offset, record));
            if (bytes.size() < 4 + page_bytes) return std::optional<std::uint64_t>();
            const PageNumber page{load<BigEndian<std::uint32_t>>(bytes)};
            if (page.value == 0 || page == lock_page_) return std::optional<std::uint64_t>();
            if (page > map_.original_pages) continue;
            if (bytes.size() < record) return std::optional<std::uint64_t>();
            const std::uint32_t sum = load<BigEndian<std::uint32_t>>(bytes.subspan(4 + page_bytes));
            if (sum_of_page(header.nonce, bytes.subspan(4, page_bytes)) != sum) return std::optional<std::uint64_t>();
            map_.offset_of_page[page.value] = offset + 4;
        }
        return std::optional(offset);
    }

    JournalReader& reader_;
    JournalMap& map_;
    std::uint32_t sector_size_;
    PageNumber lock_page_;
};

// SQLite sums the name as its compiler's `char`, signed or not, and takes it to its first zero.
Result<std::string> read_super_journal(const RawFile& journal, std::uint64_t size) {
    if (size < sizeof(StoredSuperJournal)) return std::string();
    std::array<std::byte, sizeof(StoredSuperJournal)> end{};
    TRY(journal.read(size - end.size(), end));
    const auto stored = load<StoredSuperJournal>(end);
    const std::uint32_t name_size = stored.name_size;
    if (stored.magic != magic || name_size == 0 || name_size > super_journal_name_max ||
        name_size > size - end.size()) {
        return std::string();
    }
    std::string name(name_size, '\0');
    TRY(journal.read(size - end.size() - name_size, std::as_writable_bytes(std::span(name))));
    std::uint32_t sum = 0;
    for (const char c : name) sum += static_cast<std::uint32_t>(c);
    if (sum != stored.name_sum) return std::string();  // torn: rolled back for certain
    name.resize(std::strlen(name.c_str()));
    return name;
}

class JournalImage final : public OverlayImage {
public:
    JournalImage(Files files, JournalMap map)
        : OverlayImage(files, {map.page_size, map.original_pages}), offset_of_page_(std::move(map.offset_of_page)) {}

private:
    std::optional<std::uint64_t> offset_above(PageNumber page) const override {
        const auto found = offset_of_page_.find(page.value);
        return found == offset_of_page_.end() ? std::nullopt : std::optional(found->second);
    }

    std::unordered_map<std::uint32_t, std::uint64_t> offset_of_page_;
};

}  // namespace

Result<std::optional<JournalMap>> scan_journal(const RawFile& journal, PageSize fallback_page_size) {
    const std::uint64_t size = TRY(journal.size());
    if (size < smallest_journal) return std::optional<JournalMap>();
    JournalReader reader(journal, size);
    const auto header = header_in(TRY(reader.at(0, sizeof(StoredHeader))));
    if (!header) return std::optional<JournalMap>();
    const std::uint32_t sector_size = header->sector_size;
    auto page_size = header->page_size == 0u ? fallback_page_size : PageSize::from_bytes(header->page_size);
    const bool sector_is_possible =
        sector_size >= smallest_sector && sector_size <= largest_sector && std::has_single_bit(sector_size);
    // Such a header was never synced, so no page of the database was changed yet.
    if (!page_size || !sector_is_possible) return std::optional<JournalMap>();
    JournalMap map{.page_size = *page_size, .original_pages = PageNumber{header->original_pages}, .offset_of_page = {}, .super_journal = {}};
    map.super_journal = TRY(read_super_journal(journal, size));
    TRY(Playback(reader, map, sector_size).run());
    return std::optional(std::move(map));
}

Result<std::unique_ptr<Image>> journal_image(const RawFile& database, const RawFile& journal, JournalMap map) {
    // A transaction may cut pages off that it need not journal: those that a trunk page of the free list, which it
    // must, names as free.
    const std::uint64_t pages_of_a_trunk = map.page_size.bytes() / 4;
    const std::uint64_t pages_now = TRY(database.size()) / map.page_size.bytes() + 1;
    if (map.original_pages.value > pages_now + (map.offset_of_page.size() + 1) * pages_of_a_trunk) {
        return fail(ErrorCode::corrupt, "rollback journal: it says that the database had {} pages, but the file has {} and {} are journalled",
                    map.original_pages.value, pages_now - 1, map.offset_of_page.size());
    }
    std::unique_ptr<Image> image = std::make_unique<JournalImage>(OverlayImage::Files{.below = database, .above = journal}, std::move(map));
    return image;
}

}  // namespace holdfast::sqlite
