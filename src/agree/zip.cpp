#include "holdfast/agree/zip.h"

#include <algorithm>
#include <limits>

#include "holdfast/base/inflate.h"
#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"

namespace holdfast::agree {

namespace {

using U16 = LittleEndian<std::uint16_t>;
using U32 = LittleEndian<std::uint32_t>;
using U64 = LittleEndian<std::uint64_t>;

constexpr std::uint32_t end_signature = 0x06054b50, end64_signature = 0x06064b50, locator_signature = 0x07064b50;
constexpr std::uint32_t central_signature = 0x02014b50, local_signature = 0x04034b50;
constexpr std::uint16_t in_zip64_16 = 0xffff, sizes64_id = 1, is_encrypted_flag = 1, stored = 0, deflated = 8;
constexpr std::uint32_t in_zip64_32 = 0xffffffff;
constexpr std::uint64_t members_max = 10'000, directory_size_max = 64 << 20, comment_max = 0xffff;
constexpr std::size_t packed_piece = 256 * 1024;

struct EndRecord {
    U32 signature;
    U16 disk, directory_disk, members_here, members;
    U32 directory_size, directory_offset;
    U16 comment_size;
};
struct End64Record {
    U32 signature;
    U64 size;
    U16 made_by, needed;
    U32 disk, directory_disk;
    U64 members_here, members, directory_size, directory_offset;
};
struct Locator {
    U32 signature, disk;
    U64 offset;
    U32 disks;
};
struct CentralHeader {
    U32 signature;
    U16 made_by, needed, flags, method, time, date;
    U32 crc, packed_size, size;
    U16 name_size, extra_size, comment_size, disk, internal;
    U32 external, offset;
};
struct LocalHeader {
    U32 signature;
    U16 needed, flags, method, time, date;
    U32 crc, packed_size, size;
    U16 name_size, extra_size;
};

Error damaged(std::string_view what) { return fail(ErrorCode::corrupt, "it is no whole zip file: {}", what); }

Result<Bytes> read_part(const host::File& file, FilePull::Part part) {
    Bytes bytes(part.size);
    FilePull from(file, part);
    const auto got = TRY(from.fill(bytes));
    if (got != part.size) return damaged("it ends too early");
    return bytes;
}

struct Directory {
    std::uint64_t offset = 0, size = 0, members = 0;
};

// The record is the last thing in the file but for a comment; and a comment may hold what looks like one.
Result<Directory> find_directory(const host::File& file, std::uint64_t file_size) {
    const auto tail_size = std::min<std::uint64_t>(file_size, sizeof(EndRecord) + comment_max);
    const auto tail = TRY(read_part(file, {.offset = file_size - tail_size, .size = tail_size}));
    for (std::size_t at = tail.size() < sizeof(EndRecord) ? 0 : tail.size() - sizeof(EndRecord) + 1; at-- > 0;) {
        const auto record = load<EndRecord>(ByteView(tail).subspan(at));
        if (record.signature != end_signature || record.comment_size != tail.size() - at - sizeof(EndRecord)) continue;
        const std::uint64_t record_at = file_size - tail_size + at;
        Directory directory{.offset = record.directory_offset, .size = record.directory_size, .members = record.members};
        std::uint64_t end = record_at;
        const bool is_zip64 = record.members == in_zip64_16 || record.directory_size == in_zip64_32 || record.directory_offset == in_zip64_32;
        if (is_zip64 && record_at >= sizeof(Locator) + sizeof(End64Record)) {
            const auto locator = load<Locator>(TRY(read_part(file, {.offset = record_at - sizeof(Locator), .size = sizeof(Locator)})));
            if (locator.signature != locator_signature || locator.offset > record_at - sizeof(Locator) - sizeof(End64Record)) return damaged("its end is not where it says");
            const auto record64 = load<End64Record>(TRY(read_part(file, {.offset = locator.offset, .size = sizeof(End64Record)})));
            if (record64.signature != end64_signature) return damaged("its end is not where it says");
            directory = {.offset = record64.directory_offset, .size = record64.directory_size, .members = record64.members};
            end = locator.offset;
        }
        if (directory.size > end || directory.offset != end - directory.size) return damaged("its directory is not where it says");
        if (directory.size > directory_size_max || directory.members > members_max) return fail(ErrorCode::unavailable, "it has more than {} members", members_max);
        return directory;
    }
    return damaged("it has no end");
}

// What did not fit into 32 bits stands in an extra field, in this order, and only what did not fit.
Result<void> take_sizes64(ByteView extra, const CentralHeader& header, ZipMember& member) {
    if (header.size != in_zip64_32 && header.packed_size != in_zip64_32 && header.offset != in_zip64_32) return {};
    ByteReader reader(extra, "extra field of a zip member");
    while (reader.remaining() > 0) {
        const auto id = TRY(reader.u16());
        const auto field = TRY(reader.bytes(TRY(reader.u16())));
        if (id != sizes64_id) continue;
        ByteReader sizes(field, "sizes of a zip member");
        if (header.size == in_zip64_32) member.size = TRY(sizes.u64());
        if (header.packed_size == in_zip64_32) member.packed_size = TRY(sizes.u64());
        if (header.offset == in_zip64_32) member.offset = TRY(sizes.u64());
        return {};
    }
    return damaged("the size of a member is missing");
}

Result<std::vector<ZipMember>> parse_directory(ByteView bytes, const Directory& directory) {
    std::vector<ZipMember> members;
    while (!bytes.empty()) {
        if (bytes.size() < sizeof(CentralHeader)) return damaged("its directory ends within a member");
        const auto header = load<CentralHeader>(bytes);
        const std::size_t name_size = header.name_size, extra_size = header.extra_size, size = sizeof(CentralHeader) + name_size + extra_size + header.comment_size;
        if (header.signature != central_signature || size > bytes.size()) return damaged("its directory holds something else than members");
        ZipMember member{.name = std::string(text_of(bytes.subspan(sizeof(CentralHeader), name_size))), .offset = header.offset, .packed_size = header.packed_size, .size = header.size};
        member.crc = header.crc;
        member.method = header.method;
        member.is_encrypted = (header.flags & is_encrypted_flag) != 0;
        TRY(take_sizes64(bytes.subspan(sizeof(CentralHeader) + name_size, extra_size), header, member));
        if (member.offset > directory.offset || member.packed_size > directory.offset - member.offset) return damaged("a member lies outside of it");
        members.push_back(std::move(member));
        bytes = bytes.subspan(size);
    }
    if (members.size() != directory.members) return damaged(format("it has {} members, and says {}", members.size(), directory.members));
    return members;
}

// What a member unpacks to, counted, and proven when it has ended.
class MemberPull final : public Pull {
public:
    MemberPull(const host::File& file, FilePull::Part packed, const ZipMember& member) : packed_(file, packed), member_(member), buffer_(packed_piece) {}

    Result<std::size_t> more(MutableByteView into) override {
        const auto room = into.first(static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), member_.size - done_)));
        const std::size_t got = TRY(member_.method == stored ? packed_.more(room) : inflated(room));
        done_ += got;
        crc_ = crc32_of(into.first(got), crc_);
        if (got == 0) TRY(prove());
        return got;
    }

private:
    Result<std::size_t> inflated(MutableByteView room) {
        while (!room.empty()) {
            if (waiting_.empty()) waiting_ = buffer_.view().first(TRY(packed_.more(buffer_.span())));
            const bool is_last = waiting_.empty();
            const std::size_t got = TRY(inflater_.step(waiting_, room));
            if (got > 0 || inflater_.has_ended() || is_last) return got;
        }
        return std::size_t{0};
    }
    Result<void> prove() {
        std::byte one_more{};
        if (member_.method == deflated && TRY(inflated(std::span(&one_more, 1))) > 0) return fail(ErrorCode::corrupt, "its member {} holds more bytes than it says", printable(member_.name));
        if (member_.method == deflated && !inflater_.has_ended()) return fail(ErrorCode::corrupt, "its member {} does not end", printable(member_.name));
        if (done_ != member_.size) return fail(ErrorCode::corrupt, "its member {} holds {} bytes, and says {}", printable(member_.name), done_, member_.size);
        if (crc_ != member_.crc) return fail(ErrorCode::corrupt, "the checksum of its member {} is wrong", printable(member_.name));
        return {};
    }

    FilePull packed_;
    const ZipMember member_;
    Inflater inflater_;
    Buffer buffer_;
    ByteView waiting_;
    std::uint64_t done_ = 0;
    std::uint32_t crc_ = 0;
};

}  // namespace

Result<Zip> Zip::open(const host::File& file) {
    Zip zip(file, TRY(file.size()));
    const auto directory = TRY(find_directory(file, zip.size_));
    const auto bytes = TRY(read_part(file, {.offset = directory.offset, .size = directory.size}));
    zip.members_ = TRY(parse_directory(bytes, directory));
    return zip;
}

Result<std::unique_ptr<Pull>> Zip::pull(const ZipMember& member) const {
    const auto name = printable(member.name);
    if (member.is_encrypted) return fail(ErrorCode::unavailable, "its member {} is encrypted", name);
    if (member.method != stored && member.method != deflated) return fail(ErrorCode::unavailable, "its member {} is compressed in a way that is not known ({})", name, member.method);
    if (member.method == stored && member.size != member.packed_size) return damaged("a stored member has two sizes");
    const auto header = load<LocalHeader>(TRY(read_part(*file_, {.offset = member.offset, .size = sizeof(LocalHeader)})));
    const std::uint64_t begin = member.offset + sizeof(LocalHeader) + header.name_size + header.extra_size;
    const auto own_name = TRY(read_part(*file_, {.offset = member.offset + sizeof(LocalHeader), .size = header.name_size}));
    if (header.signature != local_signature || header.method != member.method || text_of(own_name) != member.name) return damaged(format("{} is not where its directory says", name));
    if (begin > size_ || member.packed_size > size_ - begin) return damaged(format("{} ends behind its end", name));
    return std::unique_ptr<Pull>(std::make_unique<MemberPull>(*file_, FilePull::Part{.offset = begin, .size = member.packed_size}, member));
}

}  // namespace holdfast::agree
