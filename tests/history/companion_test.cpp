#include <atomic>
#include <random>

#include "history/recorded.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/check.h"
#include "holdfast/repository/content_reader.h"
#include "holdfast/repository/entries.h"
#include "holdfast/repository/prune.h"

namespace holdfast::history {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using repository::DirectoryEntry;
using repository::EntryType;

// A folder as it lies on a disk: by path below it, "" itself.
struct Thing {
    EntryType type = EntryType::file;
    Bytes bytes = {};
    std::string link_target = {};
    std::uint32_t mode = 0644;
    std::int64_t modified_s = 1;
    bool operator==(const Thing&) const = default;
};
// By the names of which a path is made, so that a folder is followed by what lies in it.
struct ByNames {
    bool operator()(const std::string& one, const std::string& other) const {
        return std::ranges::lexicographical_compare(one, other, {}, rank, rank);
    }
    static int rank(char c) { return c == '/' ? 0 : static_cast<unsigned char>(c) + 1; }
};
using Tree = std::map<std::string, Thing, ByNames>;

class MemoryFile final : public repository::ByteSource {
public:
    explicit MemoryFile(const Bytes& bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        std::ranges::copy(ByteView(bytes_).subspan(offset, into.size()), into.begin());
        return {};
    }

private:
    const Bytes& bytes_;
};

// An index of vectors; some of them changed in place.
Bytes vectors(std::uint64_t seed, std::size_t size) {
    tests::SeededRandom random(seed);
    return host::random_bytes(random, size);
}

class Companions : public Recorded {
protected:
    CompanionToKeep companion_of(const Tree& tree, const Tree& unchanged = {}) {
        CompanionToKeep companion{.name = "/data/faiss", .things = {}, .open = {}};
        for (const auto& [path, thing] : tree) {
            DirectoryEntry entry;
            entry.type = thing.type;
            entry.mode = thing.mode;
            entry.modified = second(thing.modified_s);
            entry.link_target = thing.link_target;
            entry.content.size = (sizes_from == nullptr ? thing : sizes_from->at(path)).bytes.size();
            const auto at = unchanged.find(path);
            companion.things.push_back({.path = path, .entry = entry, .is_unchanged = at != unchanged.end() && at->second == thing});
        }
        companion.open = [this, &tree, things = companion.things](std::size_t at) -> Result<std::unique_ptr<repository::ByteSource>> {
            ++opened;
            if (things[at].path == unreadable) return fail(ErrorCode::denied, "open it: not allowed");
            return std::unique_ptr<repository::ByteSource>(std::make_unique<MemoryFile>(tree.at(things[at].path).bytes));
        };
        return companion;
    }
    struct Kept {
        repository::Snapshot snapshot;
        KeptCompanion companion;
    };
    Kept keep(const Tree& tree, const Tree& unchanged = {}) {
        clock.seconds += 60;
        opened = 0;
        const Member member{.bytes = page_bytes(1, 5)};
        auto recorder = must(Recorder::begin(*repo, source_of({member}, {}), {}));
        auto* database = must(recorder->member(member.path, 4096));
        must(database->look(*image_of(member.bytes), {}));
        must(database->finish(entry_of(member)));
        auto kept = must(recorder->companion(companion_of(tree, unchanged), {}));
        return {.snapshot = must(recorder->commit({})), .companion = std::move(kept)};
    }
    Tree read(repository::SnapshotNumber number) {
        Tree tree;
        const auto snapshot = must(repo->snapshot(number));
        repository::EntryVisit visit;
        visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
            Thing thing{.type = entry.type, .bytes = Bytes(entry.type == EntryType::file ? entry.content.size : 0), .link_target = entry.link_target, .mode = entry.mode};
            thing.modified_s = (entry.modified.nanoseconds - second(0).nanoseconds) / nanoseconds_per_second;
            if (!thing.bytes.empty()) TRY(must(repo->open_content(entry))->read(0, thing.bytes));
            tree[path == snapshot.companions.front().name ? std::string() : path.substr(snapshot.companions.front().name.size() + 1)] = std::move(thing);
            return {};
        };
        must(repo->open_index());
        must(repository::visit_entries(repo->chunks(), snapshot.companions.front(), visit));
        return tree;
    }
    static Bytes some_bytes(std::uint64_t seed, std::size_t size) {
        tests::SeededRandom random(seed);
        Bytes bytes(size);
        random.fill(std::span(bytes).first(size / 2));
        return bytes;
    }
    static Tree small_tree() {
        return {{"", {.type = EntryType::directory, .mode = 0755}},
                {"a", {.type = EntryType::directory, .mode = 0700}},
                {"a-b", {.bytes = some_bytes(1, 10)}},
                {"a/deep", {.type = EntryType::directory}},
                {"a/deep/er", {.bytes = some_bytes(2, 65'536)}},
                {"a/empty", {.bytes = {}}},
                {"large", {.bytes = some_bytes(3, 5'000'000)}},
                {"link", {.type = EntryType::link, .link_target = "../elsewhere"}},
                {"nothing", {.type = EntryType::directory}}};
    }

    std::atomic<std::size_t> opened = 0;
    std::string unreadable = "none";
    const Tree* sizes_from = nullptr;  // what the files were when they were looked at; null: what they are
};

TEST_F(Companions, ATreeComesBackWhole) {
    const auto kept = keep(small_tree());
    EXPECT_EQ(kept.companion.files, 4u);
    EXPECT_EQ(kept.companion.files_changed, 4u);
    EXPECT_EQ(kept.companion.bytes, 5'065'546u);
    EXPECT_THAT(kept.companion.failures, IsEmpty());
    open();  // nothing remembered
    EXPECT_EQ(read(kept.snapshot.number), small_tree());
}

TEST_F(Companions, AFileMayBeOne) {
    for (const std::size_t size : {0u, 100u, 65'536u, 65'537u, 6'000'000u}) {
        const Tree tree{{"", {.bytes = some_bytes(size, size)}}};
        EXPECT_EQ(read(keep(tree).snapshot.number), tree) << size;
    }
    const Tree link{{"", {.type = EntryType::link, .link_target = "/somewhere"}}};
    EXPECT_EQ(read(keep(link).snapshot.number), link);
}

// Seeded: what was kept is what comes back, whatever was changed in between, and a change costs about what it is.
TEST_F(Companions, EveryStateComesBack) {
    std::mt19937_64 dice(7);
    const auto below = [&](std::uint64_t end) { return dice() % end; };
    Tree tree = small_tree();
    std::map<repository::SnapshotNumber, Tree> states;
    for (int turn = 0; turn < 12; ++turn) {
        for (int i = 0; i < 10; ++i) {
            const auto path = (below(2) == 0 ? std::string() : std::string("a/")) + format("f{}", below(20));
            auto& thing = tree[path];
            switch (below(5)) {
                case 0: tree.erase(path); break;
                case 1: thing = {.bytes = some_bytes(dice(), below(200'000))}; break;
                case 2: thing = {.type = EntryType::link, .link_target = format("t{}", below(9))}; break;
                case 3: thing = {.bytes = some_bytes(dice(), below(70'000)), .mode = 0600, .modified_s = 5}; break;
                default:
                    thing.type = EntryType::file;
                    thing.link_target.clear();
                    thing.bytes.insert(thing.bytes.begin() + static_cast<std::ptrdiff_t>(below(thing.bytes.size() + 1)), std::byte{42});
            }
        }
        tree["large"].bytes[below(5'000'000)] ^= std::byte{1};
        const Tree before = states.empty() ? Tree() : states.rbegin()->second;
        const auto kept = keep(tree, before);
        states[kept.snapshot.number] = tree;
        EXPECT_LT(kept.companion.bytes_stored, turn == 0 ? 5'000'000u : 2'000'000u);
    }
    open();
    for (const auto& [number, state] : states) EXPECT_EQ(read(number), state) << number.value;
    EXPECT_TRUE(must(repository::check(*repo, {}, {})).good());
}

TEST_F(Companions, WhatDidNotChangeIsNotRead) {
    const auto first = keep(small_tree());
    EXPECT_GE(opened, 4u);
    const auto second = keep(small_tree(), small_tree());
    EXPECT_EQ(opened, 0u);
    EXPECT_EQ(second.companion.files_changed, 0u);
    EXPECT_EQ(second.companion.bytes_stored, 0u);
    EXPECT_EQ(second.snapshot.companions.front().content, first.snapshot.companions.front().content);
    EXPECT_EQ(read(second.snapshot.number), small_tree());
}

TEST_F(Companions, WhatCannotBeReadIsToldAndNotInIt) {
    for (const std::string path : {"a/deep/er", "large"}) {
        unreadable = path;
        const auto kept = keep(small_tree());
        ASSERT_EQ(kept.companion.failures.size(), 1u);
        EXPECT_EQ(kept.companion.failures.front().path, path);
        EXPECT_EQ(kept.companion.failures.front().why.code(), ErrorCode::denied);
        auto rest = small_tree();
        rest.erase(path);
        EXPECT_EQ(read(kept.snapshot.number), rest);
    }
}

// Each is read as it is by then, whatever its size was at the look.
TEST_F(Companions, WhatHasAnotherSizeThanWhenItWasLookedAtIsKeptAsItIs) {
    const std::array sizes = {0u, 100u, 65'536u, 65'537u, 300'000u, 2'000'000u};
    Tree looked_at{{"", {.type = EntryType::directory, .mode = 0755}}}, tree = looked_at;
    for (const std::size_t before : sizes) {
        for (const std::size_t after : sizes) {
            for (const std::string name : {"", ".json"}) {
                const std::string path = format("{} {}{}", before, after, name);
                looked_at[path] = {.bytes = Bytes(before)};
                tree[path] = {.bytes = some_bytes(before + after, after)};
            }
        }
    }
    sizes_from = &looked_at;
    for (int i = 0; i < 2; ++i) {  // the second leans on the first
        const auto kept = keep(tree);
        EXPECT_TRUE(read(kept.snapshot.number) == tree);
        EXPECT_EQ(kept.companion.files, tree.size() - 1);
        std::uint64_t bytes = 0;
        for (const auto& [path, thing] : tree) bytes += thing.bytes.size();
        EXPECT_EQ(kept.companion.bytes, bytes);
        for (auto& [path, thing] : tree) {
            if (thing.type == EntryType::file) thing.bytes.insert(thing.bytes.begin(), {std::byte{1}, std::byte{2}});
        }
    }
    EXPECT_TRUE(must(repository::check(*repo, {}, {})).good());
}

TEST_F(Companions, DamageIsToldByThePathOfTheFile) {
    const auto kept = keep(small_tree());
    for (const auto& name : store.names("packs/")) {
        const auto size = store.peek(name)->size();
        if (size > 1'000'000) store.flip_bit(name, size / 2 * 8);
    }
    open();
    const auto report = must(repository::check(*repo, {.snapshots = {kept.snapshot.number}}, {}));
    std::vector<std::string> damaged;
    for (const auto& range : report.ranges) damaged.push_back(range.member);
    EXPECT_THAT(damaged, Contains("/data/faiss/large"));
}

repository::Scheme scheme_of(const repository::Repository& repo, const repository::Snapshot& snapshot, const std::string& wanted) {
    std::optional<repository::Scheme> scheme;
    repository::EntryVisit visit;
    visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
        if (path == wanted) scheme = entry.content.scheme;
        return {};
    };
    must(repo.open_index());
    must(repository::visit_entries(repo.chunks(), snapshot, visit));
    return scheme.value();
}

// By its name at first, by what was seen of it later; never back.
TEST_F(Companions, WhatShiftsIsKeptAsWhatShifts) {
    using repository::Scheme;
    Tree tree{{"", {.type = EntryType::directory}},
              {"app.log", {.bytes = vectors(1, 3'000'000)}},
              {"notes", {.bytes = vectors(2, 6'000'000)}},
              {"small.log", {.bytes = vectors(3, 60'000)}},
              {"vectors.index", {.bytes = vectors(4, 6'000'000)}}};
    const auto schemes = [&](const repository::Snapshot& snapshot) {
        std::map<std::string, Scheme> all;
        for (const auto& [path, thing] : tree) {
            if (thing.type == EntryType::file) all[path] = scheme_of(*repo, snapshot, "/data/faiss/" + path);
        }
        return all;
    };
    std::map<std::string, Scheme> expected{{"app.log", Scheme::variable}, {"notes", Scheme::fixed}, {"small.log", Scheme::fixed}, {"vectors.index", Scheme::fixed}};
    EXPECT_EQ(schemes(keep(tree).snapshot), expected);

    // Changed in places, much of it even: an index stays one.
    auto& index = tree["vectors.index"].bytes;
    for (std::size_t at = 0; at + 3072 < index.size(); at += 30'000) std::ranges::copy(vectors(at + 9, 3072), index.begin() + static_cast<std::ptrdiff_t>(at));
    const auto in_places = keep(tree);
    EXPECT_EQ(schemes(in_places.snapshot), expected);
    EXPECT_LT(in_places.companion.bytes_stored, 900'000u);
    tree["vectors.index"].bytes = vectors(5, 6'000'000);  // made anew
    EXPECT_EQ(schemes(keep(tree).snapshot), expected);

    // Something is put in front: once it costs what the file is, and then what is put in.
    auto& notes = tree["notes"].bytes;
    notes.insert(notes.begin(), 100, std::byte{1});
    expected["notes"] = Scheme::variable;
    EXPECT_EQ(schemes(keep(tree).snapshot), expected);
    notes.insert(notes.begin(), 100, std::byte{2});
    const auto again = keep(tree);
    EXPECT_LT(again.companion.bytes_stored, 8'000u);
    EXPECT_EQ(schemes(again.snapshot), expected);
    notes[3'000'000] ^= std::byte{1};
    tree["app.log"].bytes[7] ^= std::byte{1};
    const auto last = keep(tree);
    EXPECT_EQ(schemes(last.snapshot), expected);
    open();
    EXPECT_EQ(read(last.snapshot.number), tree);
}

// A name more in a folder of thousands.
TEST_F(Companions, LongListingsCostWhatChangesInThem) {
    Tree tree{{"", {.type = EntryType::directory}}};
    for (int i = 0; i < 6000; ++i) tree[format("file {:05}", i)] = {.bytes = some_bytes(1, 10), .modified_s = i * 7919 % 100'003};
    keep(tree, {});
    const Tree before = tree;
    tree["file 00010 b"] = {.bytes = some_bytes(2, 10)};
    const auto kept = keep(tree, before);
    EXPECT_LT(kept.companion.bytes_stored, 2'000u);
    EXPECT_EQ(read(kept.snapshot.number), tree);
}

// What only a snapshot that has gone needed is freed, and nothing else.
TEST_F(Companions, PruneKeepsWhatIsInFolders) {
    Tree tree = small_tree();
    const auto first = keep(tree);
    tree["large"].bytes = some_bytes(99, 4'000'000);
    tree["a/deep/er"].bytes = some_bytes(98, 300'000);
    const auto second = keep(tree);
    must(forget(*repo, std::array{first.snapshot.number}, clock.now()));
    const auto bytes_of_store = [this] {
        std::uint64_t bytes = 0;
        for (const auto& [name, content] : store.contents()) bytes += content.size();
        return bytes;
    };
    const auto before = bytes_of_store();
    must(repository::prune(*repo, {.drop = {first.snapshot.number}}, {}));
    EXPECT_LT(bytes_of_store(), before);
    open();
    EXPECT_EQ(read(second.snapshot.number), tree);
    EXPECT_TRUE(must(repository::check(*repo, {}, {})).good());
}

}  // namespace
}  // namespace holdfast::history
