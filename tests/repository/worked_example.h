// The worked example of docs/formats/repository.md: a tiny plain repository whose every byte is decided.
#pragma once

#include <numeric>

#include "holdfast/repository/envelope.h"
#include "holdfast/repository/index_table.h"
#include "holdfast/repository/notes.h"
#include "repository/pieces.h"

namespace holdfast::repository {

// 20 21 22 …: in place of randomness.
class CountingRandom final : public host::Random {
public:
    void fill(MutableByteView into) override {
        for (auto& byte : into) byte = static_cast<std::byte>(next_++);
    }

private:
    std::uint8_t next_ = 0x20;
};

struct WorkedExample {
    static constexpr std::string_view first_text = "holdfast";  // kept raw
    static constexpr std::string_view second_text = "fasthold";  // kept as two copies from it

    WorkedExample() : keys(Keys::plain(id_key())) {
        make_pack();
        make_table();
        const Note note{.type = NoteType::seen, .time = {1'700'000'000'000'000'000}, .text = "cron", .value = 0, .good = true, .hash = {}};
        note_record = must(encode_note(note));
        note_object = must(seal_envelope({.type = ObjectType::note, .record = note_record}, note_name, &keys, random));
    }
    static Bytes id_key() {
        Bytes key(32);
        for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i);
        return key;
    }
    ChunkId id_of(std::string_view text) const { return keys.name_of(ChunkType::extent, bytes_of(text)); }

    Keys keys;
    CountingRandom random;
    PackBuilder::Finished pack;
    std::vector<IndexEntry> entries;
    BuiltTable table;
    Bytes note_record, note_object;
    const store::ObjectName note_name{"notes/1.1"};

private:
    void make_pack() {
        Compressor compressor(3);
        const ByteView first = bytes_of(first_text), second = bytes_of(second_text);
        const Base base{.id = id_of(first_text), .bytes = first};
        const std::vector<Copy> copies{{.position = 0, .length = 4, .base = 0, .offset = 4}, {.position = 4, .length = 4, .base = 0, .offset = 0}};
        auto builder = must(PackBuilder::begin(keys, random));
        for (const EncodedChunk& chunk : {must(encode_plain({.id = base.id, .bytes = first}, compressor)),
                                          must(encode_copy_list({.id = id_of(second_text), .bytes = second}, {&base, 1}, copies, compressor))}) {
            const std::uint32_t offset = must(builder.add(chunk));
            entries.push_back({.id = chunk.id,
                               .place = {.pack = {}, .offset = offset, .stored_size = static_cast<std::uint32_t>(builder.size() - offset)},
                               .plain_size = chunk.plain_size,
                               .type = chunk.type,
                               .kind = chunk.kind,
                               .bases = chunk.bases,
                               .dictionary = {}});
        }
        pack = std::move(builder).finish();
        for (auto& entry : entries) entry.place.pack = pack.id;
    }
    void make_table() { table = must(build_table(entries, keys, random)); }
};

}  // namespace holdfast::repository
