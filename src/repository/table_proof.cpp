#include "holdfast/repository/table_proof.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/repository/table_layout.h"

namespace holdfast::repository {

namespace {

Bytes plain_check(std::uint64_t number, ByteView block) {
    const Fingerprint print = fingerprint(block, number);
    ByteWriter check;
    check.u64(print.low);
    check.u64(print.high);
    return std::move(check).take();
}

Error bad_table(std::string_view why) { return fail(ErrorCode::corrupt, "read index table: {}", why); }

}  // namespace

Result<TableProof> TableProof::begin(const Keys& keys, host::Random& random) {
    TableStart start{.magic = {},
                     .format = format_version,
                     .flags = keys.is_sealed() ? sealed_flag : std::uint8_t{0},
                     .zero = std::uint16_t{0},
                     .epoch = keys.newest_epoch(),
                     .salt = {}};
    table_magic.copy(start.magic.data(), start.magic.size());
    std::optional<Aead> cipher;
    if (keys.is_sealed()) {
        random.fill(start.salt);
        cipher.emplace(TRY(keys.cipher(start.epoch, start.salt, table_purpose)));
    }
    Bytes bytes(sizeof(TableStart));
    save(start, MutableByteView(bytes));
    return TableProof(std::move(bytes), std::move(cipher));
}

Result<TableProof> TableProof::read(ByteView bytes, const Keys& keys) {
    if (bytes.size() != sizeof(TableStart)) return bad_table("it is cut short");
    const auto start = load<TableStart>(bytes);
    if (text_of(bytes.first(table_magic.size())) != table_magic) return bad_table("it is not one");
    TRY(check_format(start.format));
    if ((start.flags & ~sealed_flag) != 0 || start.zero != 0) return bad_table("its header is damaged");
    const bool sealed = start.flags == sealed_flag;
    if (sealed != keys.is_sealed()) return bad_table("sealed where the repository is not, or the other way round");
    if (!sealed && (start.epoch != 0 || !is_all_zero(start.salt))) return bad_table("its header is damaged");
    std::optional<Aead> cipher;
    if (sealed) cipher.emplace(TRY(keys.cipher(start.epoch, start.salt, table_purpose)));
    return TableProof(copy_of(bytes), std::move(cipher));
}

Bytes TableProof::close(std::uint64_t number, ByteView block) const {
    if (cipher_) return cipher_->seal({.nonce = number, .associated = start_}, block);
    Bytes closed = copy_of(block);
    append(closed, plain_check(number, block));
    return closed;
}

Result<Bytes> TableProof::open(std::uint64_t number, ByteView block_and_check) const {
    if (block_and_check.size() < block_check_size) return bad_table("a block is cut short");
    if (cipher_) {
        auto block = cipher_->open({.nonce = number, .associated = start_}, block_and_check);
        if (!block) return bad_table(format("the seal of block {} is broken", number));
        return block;
    }
    const ByteView block = block_and_check.first(block_and_check.size() - block_check_size);
    if (!std::ranges::equal(plain_check(number, block), block_and_check.last(block_check_size))) {
        return bad_table(format("block {} is damaged", number));
    }
    return copy_of(block);
}

}  // namespace holdfast::repository
