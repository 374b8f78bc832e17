// Tree walk: the path to one extent, all extents, and what differs between two trees that share most nodes.
#include <benchmark/benchmark.h>

#include <unordered_set>

#include "holdfast/repository/payload.h"
#include "holdfast/repository/tree.h"
#include "inputs.h"
#include "support/memory_store.h"
#include "support/seeded_random.h"

namespace holdfast::bench {
namespace {

using namespace repository;

constexpr std::uint64_t children_max = limits::node_children_max;

// Trees over extents that are nowhere, their nodes in the packs of a store in memory.
class Trees {
public:
    Trees() : keys_(Keys::plain(Bytes(32, std::byte{7}))), index_(must(Index::open(store_, keys_))) {}

    Content keep(std::vector<ChunkId> ids) {
        Content content{.size = ids.size() * limits::extent_size, .levels = levels_of(ids.size() * limits::extent_size), .root = {}};
        PackBuilder pack = must(PackBuilder::begin(keys_, random_));
        std::vector<IndexEntry> entries;
        for (std::uint8_t level = 1; level <= content.levels; ++level) {
            std::vector<ChunkId> above;
            for (std::size_t at = 0; at < ids.size(); at += children_max) {
                Node node{.level = level, .children = {}};
                for (std::size_t i = at; i < std::min<std::size_t>(at + children_max, ids.size()); ++i) node.children.push_back(ids[i]);
                const Bytes bytes = encode_node(node);
                above.push_back(keys_.name_of(ChunkType::node, bytes));
                if (named_.insert(above.back()).second) entries.push_back(add(pack, above.back(), bytes));
            }
            ids = std::move(above);
        }
        content.root = ids.front();
        auto finished = std::move(pack).finish();
        must(store_.put_if_absent(pack_name(finished.id), finished.bytes));
        for (auto& entry : entries) {
            entry.place.pack = finished.id;
            index_->add(entry);
        }
        must(index_->flush(random_));
        return content;
    }
    std::unique_ptr<ChunkReader> reader() { return std::make_unique<ChunkReader>(store_, keys_, *index_); }
    ChunkId extent_id(std::uint64_t number) const { return keys_.name_of(ChunkType::extent, bytes_of(std::to_string(number))); }

private:
    IndexEntry add(PackBuilder& pack, const ChunkId& id, const Bytes& node) {
        const auto encoded = must(encode_plain({.type = ChunkType::node, .id = id, .bytes = node}, compressor_));
        const std::uint32_t offset = must(pack.add(encoded));
        return {.id = id,
                .place = {.pack = {}, .offset = offset, .stored_size = static_cast<std::uint32_t>(pack.size() - offset)},
                .plain_size = encoded.plain_size,
                .type = encoded.type,
                .kind = encoded.kind,
                .bases = encoded.bases,
                .dictionary = encoded.dictionary};
    }

    tests::MemoryStore store_;
    tests::SeededRandom random_;
    Keys keys_;
    std::unique_ptr<Index> index_;
    Compressor compressor_{3};
    std::unordered_set<ChunkId, NameHasher> named_;
};

// Databases of 1 GiB: one, and the same after 20 extents of it have changed here and there.
struct OneGibibyteTwice {
    static constexpr std::uint64_t extents = 16'384, changed = 20;
    Trees trees;
    Content before, after;

    OneGibibyteTwice() {
        std::vector<ChunkId> ids;
        for (std::uint64_t i = 0; i < extents; ++i) ids.push_back(trees.extent_id(i));
        before = trees.keep(ids);
        for (std::uint64_t i = 0; i < changed; ++i) ids[(i * 7919 + 13) % extents] = trees.extent_id(extents + i);
        after = trees.keep(ids);
    }
};
OneGibibyteTwice& gibibyte() {
    static OneGibibyteTwice made;
    return made;
}

ByteRange extents_from(std::uint64_t first, std::uint64_t count) { return {.offset = first * limits::extent_size, .size = count * limits::extent_size}; }

std::uint64_t count_extents(const NodeSource& nodes, const Content& content, std::uint64_t first, std::uint64_t count) {
    std::uint64_t seen = 0;
    TreeWalk walk;
    walk.extent = [&](const ByteRange&, const ChunkId&) -> Result<void> {
        ++seen;
        return {};
    };
    must(walk_tree(nodes, content, extents_from(first, count), walk));
    return seen;
}

void tree_path(benchmark::State& state, bool is_cached) {
    auto chunks = gibibyte().trees.reader();
    std::uint64_t extent = 0;
    for (auto turn : state) {
        static_cast<void>(turn);
        if (!is_cached) chunks = gibibyte().trees.reader();
        benchmark::DoNotOptimize(count_extents(NodeSource(*chunks), gibibyte().after, extent, 1));
        extent = (extent + 7919) % OneGibibyteTwice::extents;
    }
}

void tree_all_extents(benchmark::State& state) {
    const auto chunks = gibibyte().trees.reader();
    for (auto turn : state) {
        static_cast<void>(turn);
        benchmark::DoNotOptimize(count_extents(NodeSource(*chunks), gibibyte().after, 0, OneGibibyteTwice::extents));
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(OneGibibyteTwice::extents));
}

// As prune and verify walk many snapshots: nodes of the tree before are not entered again. Nothing cached.
void tree_second_of_two(benchmark::State& state) {
    std::unordered_set<ChunkId, NameHasher> known;
    TreeWalk all, rest;
    all.extent = [&](const ByteRange&, const ChunkId& id) -> Result<void> {
        known.insert(id);
        return {};
    };
    all.enter = [&](const ChunkId& node) -> Result<bool> {
        known.insert(node);
        return true;
    };
    const auto first = gibibyte().trees.reader();
    must(walk_tree(NodeSource(*first), gibibyte().before, all));
    std::uint64_t differing = 0;
    rest.enter = [&](const ChunkId& node) -> Result<bool> { return !known.contains(node); };
    rest.extent = [&](const ByteRange&, const ChunkId& id) -> Result<void> {
        if (!known.contains(id)) ++differing;
        return {};
    };
    for (auto turn : state) {
        static_cast<void>(turn);
        differing = 0;
        const auto chunks = gibibyte().trees.reader();
        must(walk_tree(NodeSource(*chunks), gibibyte().after, rest));
    }
    if (differing != OneGibibyteTwice::changed) state.SkipWithError("the two trees differ otherwise than they were made");
}

BENCHMARK_CAPTURE(tree_path, nodes_cached, true);
BENCHMARK_CAPTURE(tree_path, nothing_cached, false);
BENCHMARK(tree_all_extents);
BENCHMARK(tree_second_of_two);

}  // namespace
}  // namespace holdfast::bench
