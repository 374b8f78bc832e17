#include "holdfast/repository/content_reader.h"

#include <algorithm>
#include <list>
#include <mutex>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/cut_points.h"
#include "holdfast/repository/lru.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t extents_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t leaves_max = 16;               // leaf nodes kept decoded: 16 MiB of content each
constexpr std::uint64_t batch_bytes = 4 * 1024 * 1024;  // asked for together

// An extent of the content.
struct Piece {
    ByteRange at;
    ChunkId id;
};

// Gathers what failed in one call, so that the error names all of it.
class Unproven {
public:
    explicit Unproven(Scheme scheme) : scheme_(scheme) {}
    void add(const ByteRange& bytes, const Error& why) {
        if (!first_) first_ = why.copy();
        // Of variable extents below a damaged node nobody knows where they begin.
        const std::uint64_t step = scheme_ == Scheme::fixed ? limits::extent_size : bytes.size;
        for (std::uint64_t at = bytes.offset; at < bytes.end(); at += step) {
            if (named_.size() < named_max) named_.push_back(scheme_ == Scheme::fixed ? at / limits::extent_size : at);
            ++count_;
        }
    }
    Result<void> result() && {
        if (!first_) return {};
        std::string text;
        for (const std::uint64_t one : named_) text += format("{}{}", text.empty() ? "" : ", ", one);
        if (count_ > named_.size()) text += format(" and {} more", count_ - named_.size());
        // A part that is missing is damage to whoever reads the whole.
        const ErrorCode code = first_->code() == ErrorCode::not_found ? ErrorCode::corrupt : first_->code();
        const auto* of = scheme_ == Scheme::fixed ? "" : " from byte";
        return std::move(*first_).while_doing(format("read extent{}{} {}", count_ == 1 ? "" : "s", of, text)).with_code(code);
    }

private:
    static constexpr std::size_t named_max = 16;
    const Scheme scheme_;
    std::vector<std::uint64_t> named_;
    std::uint64_t count_ = 0;
    std::optional<Error> first_;
};

// The extents below one leaf node, in order.
using Leaf = std::vector<Piece>;

}  // namespace

struct ContentReader::State {
    const ChunkReader& chunks;
    Content content;
    NodeSource nodes;
    Lru<std::uint64_t, Bytes> extents{extents_bytes_max};
    std::mutex mutex = {};  // guards leaves; never held while a node is read
    std::list<std::shared_ptr<const Leaf>> leaves = {};  // last used first

    std::shared_ptr<const Leaf> known_leaf(std::uint64_t offset);
    Result<std::shared_ptr<const Leaf>> leaf_at(std::uint64_t offset);
    Result<Piece> piece_at(std::uint64_t offset);
    Result<std::shared_ptr<const Bytes>> extent(const Piece& piece);
    // The whole extents of a range, which begins with one. What cannot be told is added to `unproven`, and counts as read.
    struct Pieces {
        std::vector<Piece> pieces;
        std::uint64_t end = 0;
    };
    Result<Pieces> pieces_in(const ByteRange& range, Unproven& unproven);
    // As many as `into` has room for; returns how many bytes that was.
    Result<std::uint64_t> read_whole(std::uint64_t offset, MutableByteView into, Unproven& unproven);

    // An extent as it lies in a hole: all but the last are alike.
    struct Zeros {
        std::uint64_t size = 0;
        ChunkId id;
    };
    const Zeros& zeros();
    std::once_flag knows_zeros = {};
    Zeros known_zeros = {};
};

// --- where extents lie ---

std::shared_ptr<const Leaf> ContentReader::State::known_leaf(std::uint64_t offset) {
    const std::lock_guard lock(mutex);
    const auto holds = [&](const auto& leaf) { return leaf->front().at.offset <= offset && offset < leaf->back().at.end(); };
    const auto at = std::ranges::find_if(leaves, holds);
    if (at == leaves.end()) return nullptr;
    leaves.splice(leaves.begin(), leaves, at);
    return leaves.front();
}

Result<std::shared_ptr<const Leaf>> ContentReader::State::leaf_at(std::uint64_t offset) {
    if (auto known = known_leaf(offset)) return known;
    NodePlace place = root_place(content);
    ChunkId id = *content.root;
    auto leaf = std::make_shared<Leaf>();
    while (leaf->empty()) {
        const Node node = TRY(nodes.read_at(id, place));
        std::uint64_t at = place.below.offset;
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const ByteRange below = below_child(node, place, i, at);
            at = below.end();
            if (place.level == 1) leaf->push_back({.at = below, .id = node.children[i]});
            if (place.level == 1 || at <= offset) continue;
            id = node.children[i];
            place = {.scheme = place.scheme, .level = place.level - 1, .below = below};
            break;
        }
    }
    const std::lock_guard lock(mutex);
    leaves.push_front(leaf);
    if (leaves.size() > leaves_max) leaves.pop_back();
    return std::shared_ptr<const Leaf>(std::move(leaf));
}

Result<Piece> ContentReader::State::piece_at(std::uint64_t offset) {
    TRY(walk_tree(nodes, content, {.offset = 0, .size = 0}, {}));  // it is possible at all
    if (content.levels == 0) return Piece{.at = {.offset = 0, .size = content.size}, .id = *content.root};
    const auto leaf = TRY(leaf_at(offset));
    return *std::ranges::upper_bound(*leaf, offset, {}, [](const Piece& piece) { return piece.at.end(); });
}

// --- their bytes ---

Result<std::shared_ptr<const Bytes>> ContentReader::State::extent(const Piece& piece) {
    if (auto known = extents.find(piece.at.offset)) return known;
    auto bytes = std::make_shared<Bytes>(piece.at.size);
    const ChunkReader::Wanted wanted{.id = piece.id, .into = *bytes};
    TRY(chunks.read_many({&wanted, 1}, ChunkType::extent, {}, ChunkReader::Lately::take));
    extents.put(piece.at.offset, bytes, bytes->size());
    return std::shared_ptr<const Bytes>(std::move(bytes));
}

Result<ContentReader::State::Pieces> ContentReader::State::pieces_in(const ByteRange& range, Unproven& unproven) {
    Pieces found{.pieces = {}, .end = range.offset};
    TreeWalk walk;
    walk.extent = [&](const ByteRange& at, const ChunkId& id) -> Result<void> {
        if (at.offset < range.offset || at.end() > range.end()) return {};
        found.pieces.push_back({.at = at, .id = id});
        found.end = at.end();
        return {};
    };
    walk.damaged = [&](const ByteRange& below, const Error& why) {
        unproven.add(below, why);
        found.end = below.end();
    };
    const auto leaf = known_leaf(range.offset);
    if (!leaf || leaf->back().at.end() < range.end()) {
        TRY(walk_tree(nodes, content, range, walk));
        return found;
    }
    auto at = std::ranges::upper_bound(*leaf, range.offset, {}, [](const Piece& piece) { return piece.at.end(); });
    for (; at != leaf->end() && at->at.offset < range.end(); ++at) TRY(walk.extent(at->at, at->id));
    return found;
}

Result<std::uint64_t> ContentReader::State::read_whole(std::uint64_t offset, MutableByteView into, Unproven& unproven) {
    const auto [pieces, end] = TRY(pieces_in({.offset = offset, .size = into.size()}, unproven));
    std::vector<ChunkReader::Wanted> wanted;
    for (const auto& [at, id] : pieces) wanted.push_back({.id = id, .into = into.subspan(at.offset - offset, at.size)});
    const auto damaged = [&of = pieces, &unproven](std::size_t which, const Error& why) { unproven.add(of[which].at, why); };
    TRY(chunks.read_many(wanted, ChunkType::extent, damaged, ChunkReader::Lately::take));
    return end - offset;
}

ContentReader::ContentReader(const ChunkReader& chunks, Content content, std::vector<Bytes> root_nodes)
    : state_(std::make_unique<State>(chunks, std::move(content), NodeSource(chunks))) {
    for (const Bytes& node : root_nodes) {
        if (state_->content.root) state_->nodes.add_copy(*state_->content.root, node);
    }
}
ContentReader::~ContentReader() = default;
const Content& ContentReader::content() const { return state_->content; }

// Of the first and the last extent a part may be asked for: these are kept, since more of them is often asked for next.
Result<void> ContentReader::read(std::uint64_t offset, MutableByteView into) const {
    State& state = *state_;
    const std::uint64_t size = state.content.size;
    if (offset > size || into.size() > size - offset) {
        return fail(ErrorCode::invalid, "read content: bytes {} to {} of {}", offset, offset + into.size(), size);
    }
    Unproven unproven(state.content.scheme);
    while (!into.empty()) {
        const auto piece = state.piece_at(offset);
        const bool is_whole = !piece || (piece->at.offset == offset && piece->at.size <= into.size());
        std::uint64_t step = 0;
        if (is_whole) {
            step = TRY(state.read_whole(offset, into.first(std::min<std::uint64_t>(into.size(), batch_bytes)), unproven));
        } else if (const auto bytes = state.extent(*piece)) {
            const std::uint64_t inside = offset - piece->at.offset;
            step = std::min<std::uint64_t>(into.size(), (*bytes)->size() - inside);
            std::copy_n((*bytes)->begin() + static_cast<std::ptrdiff_t>(inside), step, into.begin());
        } else {
            unproven.add(piece->at, bytes.error());
            break;
        }
        if (step == 0) return piece ? fail(ErrorCode::bug, "read content: an extent is nowhere") : piece.error().copy();
        into = into.subspan(step);
        offset += step;
    }
    return std::move(unproven).result();
}

Result<void> ContentReader::read_extents(std::uint64_t first, std::uint64_t count, MutableByteView into) const {
    const std::uint64_t size = state_->content.size;
    const std::uint64_t extents = extents_of(size);
    if (state_->content.scheme != Scheme::fixed) return fail(ErrorCode::invalid, "read content: its extents have no numbers");
    if (first > extents || count > extents - first) {
        return fail(ErrorCode::invalid, "read content: extents {} to {} of {}", first, first + count, extents);
    }
    if (count == 0) return {};
    const std::uint64_t last = first + count - 1;
    const std::uint64_t wanted = (count - 1) * limits::extent_size + extent_bytes(size, last);
    if (into.size() != wanted) return fail(ErrorCode::invalid, "read content: room for {} bytes where {} lie", into.size(), wanted);
    return read(first * limits::extent_size, into);
}

std::optional<ChunkId> ContentReader::extent_id(std::uint64_t extent) const {
    if (state_->content.scheme != Scheme::fixed || extent >= extents_of(state_->content.size)) return std::nullopt;
    auto piece = state_->piece_at(extent * limits::extent_size);
    if (!piece) return std::nullopt;
    return piece->id;
}

// --- what was a hole ---

const ContentReader::State::Zeros& ContentReader::State::zeros() {
    std::call_once(knows_zeros, [this] {
        const auto& keys = chunks.keys();
        known_zeros.size = content.scheme == Scheme::fixed ? limits::extent_size : CutPoints(keys).first_of_zeros();
        known_zeros.id = keys.name_of(ChunkType::extent, Bytes(known_zeros.size));
    });
    return known_zeros;
}

std::uint64_t ContentReader::next_data(std::uint64_t offset) const {
    const auto& [size, id] = state_->zeros();
    while (offset < state_->content.size) {
        const auto piece = state_->piece_at(offset);
        if (!piece || piece->at.size != size || piece->id != id) return offset;
        offset = piece->at.end();
    }
    return state_->content.size;
}

}  // namespace holdfast::repository
