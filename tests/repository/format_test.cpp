// docs/formats/repository.md against the code: the offset tables and the worked example are read out of the document.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "holdfast/base/limits.h"
#include "holdfast/base/wire.h"
#include "holdfast/repository/cut_points.h"
#include "holdfast/repository/table_layout.h"
#include "repository/worked_example.h"

namespace holdfast::repository {
namespace {

// --- the document ---

std::vector<std::string> document() {
    const auto path = std::filesystem::path(__FILE__).parent_path() / "../../docs/formats/repository.md";
    std::ifstream file(path);
    EXPECT_TRUE(file.good()) << path;
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> section(int number) {
    std::vector<std::string> lines;
    bool inside = false;
    for (const auto& line : document()) {
        if (line.starts_with("## ")) inside = line.starts_with(format("## {}.", number));
        if (inside) lines.push_back(line);
    }
    return lines;
}

struct Field {
    std::string offset, size, text;
};

// The offset tables of a section, in order.
std::vector<std::vector<Field>> offset_tables(int number) {
    std::vector<std::vector<Field>> tables;
    bool inside = false;
    for (const auto& line : section(number)) {
        if (line.starts_with("| offset | size |")) {
            tables.emplace_back();
            inside = true;
        } else if (!line.starts_with("|")) {
            inside = false;
        } else if (inside && !line.starts_with("|---")) {
            const auto cells = split(line, '|');
            EXPECT_GE(cells.size(), 4u) << line;
            tables.back().push_back({std::string(trim(cells[1])), std::string(trim(cells[2])), std::string(trim(cells[3]))});
        }
    }
    return tables;
}

// The fixed part of a table: rows whose offset and size are numbers, which must lie side by side.
std::vector<std::pair<std::size_t, std::size_t>> fixed_fields(const std::vector<Field>& table) {
    std::vector<std::pair<std::size_t, std::size_t>> fields;
    std::size_t end = 0;
    for (const auto& field : table) {
        if (!is_all_digits(field.offset)) break;
        EXPECT_EQ(std::stoul(field.offset), end) << field.text;
        if (!is_all_digits(field.size)) break;
        fields.emplace_back(end, std::stoul(field.size));
        end += fields.back().second;
    }
    return fields;
}

std::vector<std::size_t> sizes_of(const std::vector<Field>& table) {
    std::vector<std::size_t> sizes;
    for (const auto& [offset, size] : fixed_fields(table)) sizes.push_back(size);
    return sizes;
}

struct Dump {
    std::string name;
    Bytes bytes;
};

// ```hex NAME … ```: pairs of hexadecimal digits; what follows a semicolon is for people.
std::vector<Dump> dumps() {
    std::vector<Dump> found;
    bool inside = false;
    for (const auto& line : section(12)) {
        if (line.starts_with("```hex ")) {
            found.push_back({.name = line.substr(7), .bytes = {}});
            inside = true;
        } else if (line.starts_with("```")) {
            inside = false;
        } else if (inside) {
            std::string digits;
            for (const char c : line.substr(0, line.find(';'))) {
                if (c != ' ') digits += c;
            }
            append(found.back().bytes, must(from_hex(digits)));
        }
    }
    return found;
}

// The same, as it stands in the document: what to put there when the format changes.
std::string dump_of(const std::string& name, ByteView bytes) {
    std::string text = "```hex " + name + "\n";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        text += format("{:02x}{}", std::to_integer<unsigned>(bytes[i]), i % 16 == 15 || i + 1 == bytes.size() ? "\n" : i % 8 == 7 ? "  " : " ");
    }
    return text + "```\n";
}

std::string text_at(ByteView bytes, std::size_t offset, std::size_t size) { return std::string(text_of(bytes.subspan(offset, size))); }

std::uint64_t number_at(ByteView bytes, const std::pair<std::size_t, std::size_t>& field) {
    std::uint64_t value = 0;
    for (std::size_t i = field.second; i > 0; --i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[field.first + i - 1]);
    return value;
}

Bytes bytes_at(ByteView bytes, const std::pair<std::size_t, std::size_t>& field) { return copy_of(bytes.subspan(field.first, field.second)); }

// --- the tables ---

TEST(Format, EnvelopesLieAsTheDocumentSays) {
    const auto tables = offset_tables(3);
    ASSERT_EQ(tables.size(), 1u);
    EXPECT_EQ(sizes_of(tables[0]), (std::vector<std::size_t>{8, 1, 1, 1, 1, 4, 32, 4}));
    const auto fields = fixed_fields(tables[0]);
    const Keys keys = test_keys(Sealing::sealed);
    CountingRandom random;
    const Bytes record = random_bytes(1, 77);
    const Bytes object = must(seal_envelope({.type = ObjectType::gap, .record = record}, store::ObjectName("gaps/1"), &keys, random));
    EXPECT_EQ(text_at(object, 0, 8), envelope_magic);
    EXPECT_THAT(tables[0][0].text, ::testing::HasSubstr("`HOLDFAST`"));
    EXPECT_EQ(number_at(object, fields[1]), format_version);
    EXPECT_THAT(tables[0][1].text, ::testing::HasSubstr(format("0x{:02X} = version 1", format_version)));
    EXPECT_EQ(number_at(object, fields[2]), 7u);
    for (const std::string type : {"1 config", "2 key slot", "3 dictionary", "4 session", "5 snapshot", "6 note", "7 gap", "8 condemned", "9 mark", "10 lease"}) {
        EXPECT_THAT(tables[0][2].text, ::testing::HasSubstr(type));
        const auto space = type.find(' ');
        EXPECT_EQ(name_of(static_cast<ObjectType>(std::stoi(type))), type.substr(space + 1));
    }
    EXPECT_EQ(number_at(object, fields[3]), 1u);
    EXPECT_EQ(number_at(object, fields[4]), 0u);
    EXPECT_EQ(number_at(object, fields[5]), 2u);
    Bytes salt(32);
    CountingRandom().fill(salt);
    EXPECT_EQ(bytes_at(object, fields[6]), salt);
    EXPECT_EQ(number_at(object, fields[7]), record.size() + 16);
    EXPECT_EQ(object.size(), 52 + record.size() + 16);

    // Sealed as the document says, without the code that sealed it.
    Bytes bound = copy_of(bytes_of("gaps/1"));
    bound.push_back(std::byte{0});
    append(bound, ByteView(object).first(52));
    const Aead cipher(derive_key(test_key(9).view(), salt, "holdfast envelope"));
    EXPECT_EQ(must(cipher.open({.nonce = 0, .associated = bound}, ByteView(object).subspan(52))), record);
}

TEST(Format, PacksLieAsTheDocumentSays) {
    const auto tables = offset_tables(6);
    ASSERT_EQ(tables.size(), 2u);
    EXPECT_EQ(sizes_of(tables[0]), (std::vector<std::size_t>{8, 1, 1, 2, 4, 32}));
    EXPECT_EQ(sizes_of(tables[1]), (std::vector<std::size_t>{4, 1, 1, 1, 1, 4, 4, 4, 32}));
    const auto start = fixed_fields(tables[0]), entry = fixed_fields(tables[1]);
    const Keys keys = test_keys(Sealing::sealed);
    CountingRandom random;
    auto builder = must(PackBuilder::begin(keys, random));
    const ChunkId id{sha256(bytes_of("a"))}, dictionary{sha256(bytes_of("b"))};
    must(builder.add({.kind = EntryKind::raw, .plain_size = 3, .id = id, .dictionary = {}, .bases = {}, .payload = Bytes(3)}));
    const Bytes payload = random_bytes(1, 20);
    const auto at = must(builder.add({.type = ChunkType::node, .kind = EntryKind::compressed, .plain_size = 0x123, .id = id,
                                      .dictionary = dictionary, .bases = {}, .payload = payload}));
    const Bytes pack = std::move(builder).finish().bytes;
    EXPECT_EQ(text_at(pack, 0, 8), pack_magic);
    EXPECT_EQ(number_at(pack, start[1]), format_version);
    EXPECT_EQ(number_at(pack, start[2]), 1u);
    EXPECT_EQ(number_at(pack, start[3]), 0u);
    EXPECT_EQ(number_at(pack, start[4]), 2u);
    Bytes salt(32);
    CountingRandom().fill(salt);
    EXPECT_EQ(bytes_at(pack, start[5]), salt);

    const ByteView lies = ByteView(pack).subspan(at);
    EXPECT_EQ(text_at(lies, 0, 4), entry_magic);
    EXPECT_EQ(number_at(lies, entry[1]), 2u);
    EXPECT_EQ(number_at(lies, entry[2]), 1u);
    EXPECT_EQ(number_at(lies, entry[3]), 0u);
    EXPECT_EQ(number_at(lies, entry[4]), 1u);
    EXPECT_EQ(number_at(lies, entry[5]), 1u);
    EXPECT_EQ(number_at(lies, entry[6]), 0x123u);
    EXPECT_EQ(number_at(lies, entry[7]), payload.size() + 16);
    EXPECT_EQ(bytes_at(lies, entry[8]), copy_of(id.hash.view()));
    EXPECT_EQ(bytes_at(lies, {52, 32}), copy_of(dictionary.hash.view()));
    EXPECT_EQ(number_at(lies, {84, 8}), short_fingerprint(lies.first(84), 0));
    const Aead cipher(derive_key(test_key(9).view(), salt, "holdfast pack"));
    EXPECT_EQ(must(cipher.open({.nonce = 1, .associated = lies.first(84)}, lies.subspan(92))), payload);
}

TEST(Format, IndexTablesLieAsTheDocumentSays) {
    const auto tables = offset_tables(9);
    ASSERT_EQ(tables.size(), 2u);
    EXPECT_EQ(sizes_of(tables[0]), (std::vector<std::size_t>{8, 1, 1, 2, 4, 32}));
    EXPECT_EQ(sizes_of(tables[1]), (std::vector<std::size_t>{32, 4, 4, 4, 4, 1, 1, 1, 1, 4}));
    const auto row = fixed_fields(tables[1]);
    EXPECT_EQ(row.back().first + row.back().second, sizeof(TableRow));
    const WorkedExample example;
    const ByteView table = example.table.bytes;
    EXPECT_EQ(text_at(table, 0, 8), table_magic);
    // One pack, two entries, one base: blocks 1, 2 and 3, then the footer, block 0.
    const auto expect_check = [&](std::size_t end, std::uint64_t seed, std::size_t size) {
        const Fingerprint print = fingerprint(table.subspan(end - size, size), seed);
        EXPECT_EQ(number_at(table, {end, 8}), print.low);
        EXPECT_EQ(number_at(table, {end + 8, 8}), print.high);
    };
    EXPECT_EQ(bytes_at(table, {48, 32}), copy_of(example.pack.id.hash.view()));
    expect_check(80, 1, 32);
    expect_check(96 + 2 * 56, 2, 2 * 56);
    EXPECT_EQ(bytes_at(table, {224, 32}), copy_of(example.id_of(WorkedExample::first_text).hash.view()));
    expect_check(256, 3, 32);
    EXPECT_EQ(number_at(table, {272, 4}), 1u);
    EXPECT_EQ(number_at(table, {276, 4}), 2u);
    EXPECT_EQ(number_at(table, {280, 4}), 1u);
    expect_check(304, 0, 32);
    EXPECT_EQ(table.size(), 320u);
    for (int i = 0; i < 2; ++i) {
        const ByteView lies = table.subspan(96 + static_cast<std::size_t>(i) * 56);
        const auto& entry = bytes_at(lies, row[0]) == copy_of(example.entries[0].id.hash.view()) ? example.entries[0] : example.entries[1];
        EXPECT_EQ(bytes_at(lies, row[0]), copy_of(entry.id.hash.view()));
        EXPECT_EQ(number_at(lies, row[1]), 0u);
        EXPECT_EQ(number_at(lies, row[2]), entry.place.offset);
        EXPECT_EQ(number_at(lies, row[3]), entry.place.stored_size);
        EXPECT_EQ(number_at(lies, row[4]), entry.plain_size);
        EXPECT_EQ(number_at(lies, row[5]), 1u);
        EXPECT_EQ(number_at(lies, row[6]), static_cast<std::uint64_t>(entry.kind));
        EXPECT_EQ(number_at(lies, row[7]), entry.bases.size());
        EXPECT_EQ(number_at(lies, row[8]), 0u);
        EXPECT_EQ(number_at(lies, row[9]), 0u);
    }
}

TEST(Format, NumbersOfTheDocumentAreThoseOfTheCode) {
    std::string text;
    for (const auto& line : document()) text += line + "\n";
    for (const std::string& said : {format("a fixed {} KiB range of a file", limits::extent_size / 1024),
                                    format("a run of at most {} MiB kept once", limits::chunk_size_max / 1024 / 1024),
                                    format("a list of up to {} chunk ids", limits::node_children_max),
                                    format("copy list, 1…{})", limits::bases_max),
                                    format("{} to a block), entry blocks ({} entries to a block), base blocks (ids, {} to a block)", ids_per_block,
                                           rows_per_block, ids_per_block),
                                    format("A table has at most {},{:03} entries", table_entries_max / 1000, table_entries_max % 1000),
                                    format("at most {} KiB }}, named by its chunk id", limits::dictionary_size_max / 1024),
                                    format("1 format text `{}`", config_text), format("`{}`", envelope_purpose), format("`{}`", pack_purpose),
                                    format("`{}`", table_purpose), format("`{}`", slot_purpose)}) {
        EXPECT_THAT(text, ::testing::HasSubstr(said));
    }
}

// --- variable extents ---

// As section 7 tells it, so that a reader of the document finds the same extents; by no code of ours but the hash.
std::vector<std::uint64_t> gear_of(const Keys& keys) {
    std::vector<std::uint64_t> gear;
    for (int i = 0; i < 64; ++i) {
        const Hash hash = keys.mark_of(format("holdfast gear {}", i));
        for (std::size_t k = 0; k < 4; ++k) gear.push_back(number_at(hash.view(), {8 * k, 8}));
    }
    return gear;
}

std::size_t first_extent(ByteView bytes, const std::vector<std::uint64_t>& gear) {
    if (bytes.size() <= 16'384) return bytes.size();
    for (std::size_t n = 16'384; n < std::min<std::size_t>(bytes.size(), 262'144); ++n) {
        std::uint64_t h = 0;
        for (const auto byte : bytes.subspan(n - 64, 64)) h = 2 * h + gear[std::to_integer<std::size_t>(byte)];
        if (h >> (n < 65'536 ? 64 - 18 : 64 - 14) == 0) return n;
    }
    return std::min<std::size_t>(bytes.size(), 262'144);
}

TEST(Format, VariableExtentsEndWhereTheDocumentSays) {
    const Keys keys = Keys::plain(WorkedExample::id_key());
    const auto gear = gear_of(keys);
    Bytes content(262'144 * 8);
    for (std::uint64_t i = 0; i < 262'144; ++i) {
        save(LittleEndian<std::uint64_t>((i + 1) * 0x9e37'79b9'7f4a'7c15), MutableByteView(content).subspan(i * 8));
    }
    std::string sizes;
    const CutPoints cuts(keys);
    std::size_t extents = 0, bytes = 0;
    for (ByteView rest = content; !rest.empty(); ++extents) {
        const std::size_t size = first_extent(rest, gear);
        ASSERT_EQ(size, cuts.first(rest)) << extents;
        if (extents < 4) sizes += format("{}{}", sizes.empty() ? "" : ", ", size);
        bytes += size;
        rest = rest.subspan(size);
    }
    EXPECT_EQ(bytes, content.size());
    std::string text;
    for (const auto& line : section(7)) text += line + "\n";
    EXPECT_THAT(text, ::testing::HasSubstr(format("`gear` begins with 0x{:016x}, and", gear[0])));
    EXPECT_THAT(text, ::testing::HasSubstr(format("are {} extents, the first of {} bytes", extents, sizes)));
}

// --- the worked example ---

TEST(WorkedExample, IsWhatTheCodeWrites) {
    const WorkedExample example;
    const std::map<std::string, Bytes> written{{pack_name(example.pack.id).text(), example.pack.bytes},
                                               {table_name(example.table.id).text(), example.table.bytes},
                                               {example.note_name.text(), example.note_object}};
    std::map<std::string, Bytes> documented;
    for (auto& dump : dumps()) documented[dump.name] = std::move(dump.bytes);
    if (documented == written) return;
    for (const auto& [name, bytes] : written) std::cout << dump_of(name, bytes);
    FAIL() << "the worked example in docs/formats/repository.md is not what the code writes; it writes the above";
}

TEST(WorkedExample, IsReadFromTheDocumentAlone) {
    tests::MemoryStore store;
    for (const auto& dump : dumps()) store.replace(dump.name, dump.bytes);
    ASSERT_EQ(store.names().size(), 3u);
    const Keys keys = Keys::plain(WorkedExample::id_key());
    const auto index = must(Index::open(store, keys));
    const ChunkReader chunks(store, keys, *index);
    for (const std::string_view text : {WorkedExample::first_text, WorkedExample::second_text}) {
        const ChunkId id = keys.name_of(ChunkType::extent, bytes_of(text));
        EXPECT_EQ(text_of(must(chunks.read(id, ChunkType::extent))), text);
    }
    EXPECT_TRUE(index->damage().empty());
    const Note note = must(decode_note(must(get_record(store, store::ObjectName("notes/1.1"), ObjectType::note, &keys))));
    EXPECT_EQ(note.text, "cron");
    for (const auto& name : store.names("packs/")) EXPECT_EQ(sha256(*store.peek(name)).hex(), name.substr(name.rfind('/') + 1));
    for (const auto& name : store.names("index/")) EXPECT_EQ(sha256(*store.peek(name)).hex(), name.substr(name.rfind('/') + 1));
}

// The ids of the example, by nothing but HMAC: what another program would compute.
TEST(WorkedExample, NamesChunksAsTheDocumentSays) {
    std::string text;
    for (const auto& line : section(12)) text += line + "\n";
    const KeyedHash name(WorkedExample::id_key());
    for (const std::string_view plain : {WorkedExample::first_text, WorkedExample::second_text}) {
        EXPECT_THAT(text, ::testing::HasSubstr(format("`{}` is {}", plain, name(1, bytes_of(plain)).hex())));
    }
}

}  // namespace
}  // namespace holdfast::repository
