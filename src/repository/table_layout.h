// TableLayout: where each block of an index table lies, computed from its counts (docs/formats/repository.md, 9).
#pragma once

#include <array>
#include <cstddef>

#include "holdfast/base/wire.h"
#include "holdfast/repository/format.h"

namespace holdfast::repository {

struct TableStart {
    std::array<char, 8> magic;
    std::uint8_t format;
    std::uint8_t flags;
    LittleEndian<std::uint16_t> zero;
    LittleEndian<std::uint32_t> epoch;
    std::array<std::byte, salt_size> salt;
};
static_assert(sizeof(TableStart) == 48);

struct TableRow {
    std::array<std::byte, 32> id;
    LittleEndian<std::uint32_t> pack;
    LittleEndian<std::uint32_t> offset;
    LittleEndian<std::uint32_t> stored_size;
    LittleEndian<std::uint32_t> plain_size;
    std::uint8_t type;
    std::uint8_t kind;
    std::uint8_t bases;
    std::uint8_t flags;
    LittleEndian<std::uint32_t> first_base;
};
static_assert(sizeof(TableRow) == 56);

struct TableFooter {
    LittleEndian<std::uint32_t> packs;
    LittleEndian<std::uint32_t> entries;
    LittleEndian<std::uint32_t> bases;
    LittleEndian<std::uint32_t> zero;
    std::array<std::byte, 16> zeros;
};
static_assert(sizeof(TableFooter) == 32);

constexpr std::size_t block_check_size = 16;
constexpr std::uint32_t rows_per_block = 292;
constexpr std::uint32_t ids_per_block = 512;
constexpr std::uint8_t row_dictionary_flag = 1;

// One run of equal blocks, all full but the last.
struct TableSection {
    std::uint64_t items = 0;
    std::uint32_t item_size = 0;
    std::uint32_t items_per_block = 1;
    std::uint64_t blocks() const { return (items + items_per_block - 1) / items_per_block; }
    std::uint64_t items_in(std::uint64_t block) const {
        return block + 1 < blocks() ? items_per_block : items - block * items_per_block;
    }
    std::uint64_t bytes_in(std::uint64_t block) const { return items_in(block) * item_size; }
    std::uint64_t size() const { return items * item_size + blocks() * block_check_size; }
};

struct BlockPlace {
    std::uint64_t number = 0;  // nonce or seed: 0 for the footer, which must be read first; the others from 1
    std::uint64_t offset = 0;
    std::uint64_t size = 0;    // without the check
};

struct TableLayout {
    TableSection packs{.item_size = 32, .items_per_block = ids_per_block};
    TableSection entries{.item_size = sizeof(TableRow), .items_per_block = rows_per_block};
    TableSection bases{.item_size = 32, .items_per_block = ids_per_block};

    BlockPlace pack_block(std::uint64_t block) const { return place(packs, {}, block); }
    BlockPlace entry_block(std::uint64_t block) const {
        return place(entries, {.number = packs.blocks(), .offset = packs.size()}, block);
    }
    BlockPlace base_block(std::uint64_t block) const {
        return place(bases, {.number = packs.blocks() + entries.blocks(), .offset = packs.size() + entries.size()}, block);
    }
    BlockPlace footer() const {
        return {.number = 0,
                .offset = sizeof(TableStart) + packs.size() + entries.size() + bases.size(),
                .size = sizeof(TableFooter)};
    }
    std::uint64_t table_size() const { return footer().offset + sizeof(TableFooter) + block_check_size; }

private:
    static BlockPlace place(const TableSection& section, BlockPlace before, std::uint64_t block) {
        const std::uint64_t full = std::uint64_t{section.items_per_block} * section.item_size + block_check_size;
        return {.number = 1 + before.number + block,
                .offset = sizeof(TableStart) + before.offset + block * full,
                .size = section.bytes_in(block)};
    }
};

}  // namespace holdfast::repository
