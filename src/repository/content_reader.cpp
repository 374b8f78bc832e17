#include "holdfast/repository/content_reader.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/lru.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t extents_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t leaves_max = 16;     // leaf nodes kept decoded: 16 MiB of content each
constexpr std::uint64_t batch_extents = 64;  // asked for together

// Gathers what failed in one call, so that the error names all of it.
class Unproven {
public:
    void add(std::uint64_t extent, const Error& why) {
        if (!first_) first_ = why.copy();
        if (extents_.size() < named_max) extents_.push_back(extent);
        ++count_;
    }
    Result<void> result() && {
        if (!first_) return {};
        std::string text;
        for (const std::uint64_t extent : extents_) text += format("{}{}", text.empty() ? "" : ", ", extent);
        if (count_ > extents_.size()) text += format(" and {} more", count_ - extents_.size());
        // A part that is missing is damage to whoever reads the whole.
        const ErrorCode code = first_->code() == ErrorCode::not_found ? ErrorCode::corrupt : first_->code();
        return std::move(*first_).while_doing(format("read extent{} {}", count_ == 1 ? "" : "s", text)).with_code(code);
    }

private:
    static constexpr std::size_t named_max = 16;
    std::vector<std::uint64_t> extents_;
    std::uint64_t count_ = 0;
    std::optional<Error> first_;
};

}  // namespace

struct ContentReader::State {
    const ChunkReader& chunks;
    Content content;
    NodeSource nodes;
    Lru<std::uint64_t, Bytes> extents{extents_bytes_max};
    Lru<std::uint64_t, Node> leaves{leaves_max};

    Result<std::shared_ptr<const Node>> leaf_of(std::uint64_t extent);
    Result<ChunkId> id_of(std::uint64_t extent);
    Result<std::shared_ptr<const Bytes>> extent(std::uint64_t number);
    // The ids of a run; what cannot be told is added to `unproven` and left at zero.
    Result<std::vector<ChunkId>> ids_of(std::uint64_t first, std::uint64_t count, Unproven& unproven);
    Result<void> read_batch(std::uint64_t first, MutableByteView into, Unproven& unproven);
};

Result<std::shared_ptr<const Node>> ContentReader::State::leaf_of(std::uint64_t extent_number) {
    const std::uint64_t number = extent_number / limits::node_children_max;
    if (auto known = leaves.find(number)) return known;
    ChunkId id = *content.root;
    std::optional<Node> node;
    for (std::uint32_t level = content.levels; level >= 1; --level) {
        const std::uint64_t span = std::uint64_t{1} << (8 * level);
        const std::uint64_t first = extent_number / span * span;
        node = TRY(nodes.read_at(id, {.level = level, .first_extent = first}, content.size));
        if (level > 1) id = node->children[(extent_number - first) / (span / limits::node_children_max)];
    }
    auto leaf = std::make_shared<const Node>(std::move(*node));
    leaves.put(number, leaf, 1);
    return std::shared_ptr<const Node>(std::move(leaf));
}

Result<ChunkId> ContentReader::State::id_of(std::uint64_t extent_number) {
    if (content.levels != levels_of(content.size) || !content.root) {
        return fail(ErrorCode::corrupt, "read content: its size, levels and root disagree");
    }
    if (content.levels == 0) return *content.root;
    return TRY(leaf_of(extent_number))->children[extent_number % limits::node_children_max];
}

Result<std::shared_ptr<const Bytes>> ContentReader::State::extent(std::uint64_t number) {
    if (auto known = extents.find(number)) return known;
    auto bytes = std::make_shared<Bytes>(extent_bytes(content.size, number));
    const ChunkReader::Wanted wanted{.id = TRY(id_of(number)), .into = *bytes};
    TRY(chunks.read_many({&wanted, 1}, ChunkType::extent, {}, ChunkReader::Lately::take));
    extents.put(number, bytes, bytes->size());
    return std::shared_ptr<const Bytes>(std::move(bytes));
}

Result<std::vector<ChunkId>> ContentReader::State::ids_of(std::uint64_t first, std::uint64_t count, Unproven& unproven) {
    std::vector<ChunkId> ids(count);
    if (count == 1) {
        if (auto id = id_of(first)) ids.front() = *id;
        else unproven.add(first, id.error());
        return ids;
    }
    TreeWalk walk;
    walk.extent = [&](std::uint64_t extent_number, const ChunkId& id) -> Result<void> {
        ids[extent_number - first] = id;
        return {};
    };
    walk.damaged = [&](std::uint64_t from, std::uint64_t extents_below, const Error& why) {
        for (std::uint64_t i = 0; i < extents_below; ++i) unproven.add(from + i, why);
    };
    TRY(walk_tree(nodes, content, first, count, walk));
    return ids;
}

Result<void> ContentReader::State::read_batch(std::uint64_t first, MutableByteView into, Unproven& unproven) {
    const std::uint64_t count = extents_of(into.size());
    const auto ids = TRY(ids_of(first, count, unproven));
    std::vector<ChunkReader::Wanted> wanted;
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = 0; i < count; ++i) {
        if (ids[i] == ChunkId{}) continue;
        wanted.push_back({.id = ids[i], .into = into.subspan(i * limits::extent_size, extent_bytes(content.size, first + i))});
        numbers.push_back(first + i);
    }
    return chunks.read_many(wanted, ChunkType::extent,
                            [&](std::size_t which, const Error& why) { unproven.add(numbers[which], why); }, ChunkReader::Lately::take);
}

ContentReader::ContentReader(const ChunkReader& chunks, Content content, std::vector<Bytes> root_nodes)
    : state_(std::make_unique<State>(chunks, std::move(content), NodeSource(chunks))) {
    for (const Bytes& node : root_nodes) {
        if (state_->content.root) state_->nodes.add_copy(*state_->content.root, node);
    }
}
ContentReader::~ContentReader() = default;
const Content& ContentReader::content() const { return state_->content; }

Result<void> ContentReader::read(std::uint64_t offset, MutableByteView into) const {
    const std::uint64_t size = state_->content.size;
    if (offset > size || into.size() > size - offset) {
        return fail(ErrorCode::invalid, "read content: bytes {} to {} of {}", offset, offset + into.size(), size);
    }
    while (!into.empty()) {
        const std::uint64_t number = offset / limits::extent_size;
        const std::uint64_t inside = offset % limits::extent_size;
        const std::uint64_t whole = inside == 0 ? into.size() / limits::extent_size : 0;
        std::uint64_t step = 0;
        if (whole > 0) {
            step = whole * limits::extent_size;
            TRY(read_extents(number, whole, into.first(step)));
        } else {
            auto bytes = state_->extent(number);
            if (!bytes) {
                Unproven unproven;
                unproven.add(number, bytes.error());
                return std::move(unproven).result();
            }
            step = std::min<std::uint64_t>(into.size(), (*bytes)->size() - inside);
            std::copy_n((*bytes)->begin() + static_cast<std::ptrdiff_t>(inside), step, into.begin());
        }
        into = into.subspan(step);
        offset += step;
    }
    return {};
}

Result<void> ContentReader::read_extents(std::uint64_t first, std::uint64_t count, MutableByteView into) const {
    const std::uint64_t size = state_->content.size;
    const std::uint64_t extents = extents_of(size);
    if (first > extents || count > extents - first) {
        return fail(ErrorCode::invalid, "read content: extents {} to {} of {}", first, first + count, extents);
    }
    if (count == 0) return {};
    const std::uint64_t last = first + count - 1;
    const std::uint64_t wanted = (count - 1) * limits::extent_size + extent_bytes(size, last);
    if (into.size() != wanted) return fail(ErrorCode::invalid, "read content: room for {} bytes where {} lie", into.size(), wanted);
    Unproven unproven;
    for (std::uint64_t at = first; at <= last; at += batch_extents) {
        const std::uint64_t step = std::min<std::uint64_t>(into.size(), batch_extents * limits::extent_size);
        TRY(state_->read_batch(at, into.first(step), unproven));
        into = into.subspan(step);
    }
    return std::move(unproven).result();
}

std::optional<ChunkId> ContentReader::extent_id(std::uint64_t extent) const {
    if (extent >= extents_of(state_->content.size)) return std::nullopt;
    auto id = state_->id_of(extent);
    if (!id) return std::nullopt;
    return std::move(id).value();
}

}  // namespace holdfast::repository
