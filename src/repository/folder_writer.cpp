#include "holdfast/repository/folder_writer.h"

#include <algorithm>
#include <array>

#include "holdfast/base/limits.h"
#include "holdfast/host/ordered_pipeline.h"
#include "holdfast/repository/directory.h"
#include "holdfast/repository/entries.h"
#include "holdfast/repository/lineage_dictionary.h"
#include "holdfast/repository/session_state.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t files_per_task = 32;
constexpr unsigned tasks_max = 24;

// A listing on its way into a content.
class BytesSource final : public ByteSource {
public:
    explicit BytesSource(ByteView bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<void> read(std::uint64_t offset, MutableByteView into) const override {
        std::ranges::copy(bytes_.subspan(offset, into.size()), into.begin());
        return {};
    }

private:
    ByteView bytes_;
};

struct SmallTask {
    std::size_t first = 0, count = 0;
    struct One {
        std::optional<Error> failure;
        Content content;
        std::optional<EncodedChunk> encoded;  // to be stored
    };
    std::array<One, files_per_task> files;
};

}  // namespace

struct FolderWriter::State {
    State(Session& in, Session::State& of)
        : whole_session(in), session(of),
          encoder({.chunks = of.repository.chunks(), .reuse = *of.reuse, .parent = nullptr, .unit = unit, .compression_level = of.compression_level()}),
          dictionary(of) {}

    Result<void> work(const SmallFiles& files, std::size_t file, SmallTask::One& one);

    static constexpr std::uint32_t unit = 512;  // files have no pages; what changes in place is found in steps like these
    Session& whole_session;
    Session::State& session;
    ExtentEncoder encoder;
    LineageDictionary dictionary;
    std::uint64_t bytes_stored = 0;
};

Result<std::unique_ptr<FolderWriter>> Session::keep_folder(FolderRequest request) {
    if (request.parent.value != 0) TRY(lean_on(request.parent));
    auto state = std::make_unique<FolderWriter::State>(*this, *state_);
    if (request.before) TRY(state->dictionary.take_over(request.before->dictionary, state->encoder));
    return std::unique_ptr<FolderWriter>(new FolderWriter(std::move(state)));
}

FolderWriter::FolderWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
FolderWriter::~FolderWriter() = default;
const std::optional<ChunkId>& FolderWriter::dictionary() const { return state_->dictionary.id(); }
std::uint64_t FolderWriter::bytes_stored() const { return state_->bytes_stored + state_->dictionary.bytes_stored(); }

Result<void> FolderWriter::train(const ByteSource& sample) {
    if (state_->dictionary.id()) return {};
    return state_->dictionary.train(sample, State::unit, state_->encoder);
}

// In the pool.
Result<void> FolderWriter::State::work(const SmallFiles& files, std::size_t file, SmallTask::One& one) {
    one = {};
    auto bytes = files.read(file);
    if (!bytes) {
        one.failure = std::move(bytes).error();
        return {};
    }
    HOLDFAST_ASSERT(bytes->size() <= limits::extent_size);
    one.content.size = bytes->size();
    if (bytes->empty()) return {};
    const ChunkId id = session.keys().name_of(ChunkType::extent, *bytes);
    one.content.root = id;
    if (session.packer->has(id) || TRY(session.reuse->has(id, ChunkType::extent))) return {};
    const ChangedExtent extent{.number = 0, .chunk = {.type = ChunkType::extent, .id = id, .bytes = *bytes}, .before = files.before(file), .tails = {}};
    one.encoded = std::move(TRY(encoder.encode(extent)).chunk);
    return {};
}

Result<void> FolderWriter::keep_small(SmallFiles& files, const Watch& watch) {
    State& state = *state_;
    std::size_t next = 0;
    const auto make = [&](SmallTask& task) -> Result<bool> {
        TRY(watch.go_on());
        task.first = next;
        task.count = std::min(files_per_task, files.count() - next);
        next += task.count;
        return task.count > 0;
    };
    const auto work = [&](SmallTask& task) -> Result<void> {
        for (std::size_t i = 0; i < task.count; ++i) TRY(state.work(files, task.first + i, task.files[i]));
        return {};
    };
    const auto take = [&](SmallTask& task) -> Result<void> {
        for (std::size_t i = 0; i < task.count; ++i) {
            auto& one = task.files[i];
            if (one.encoded) state.bytes_stored += TRY(state.session.packer->add(*one.encoded));
            if (one.content.root) state.session.roots.insert(*one.content.root);
            if (one.failure) files.kept(task.first + i, std::move(*one.failure));
            else files.kept(task.first + i, one.content);
            one.encoded.reset();
        }
        watch.at({.phase = "reading", .done = task.first + task.count, .total = files.count(), .unit = "files"});
        return {};
    };
    auto& pool = *state.session.repository.options().pool;
    return host::OrderedPipeline<SmallTask>::run(pool, std::min(2 * pool.size() + 2, tasks_max), {make, work, take});
}

// A name more or less moves all that stand behind it: a long listing is kept as what shifts.
Result<KeptContent> FolderWriter::keep_listing(const Listing& listing, const Watch& watch) {
    State& state = *state_;
    const Bytes bytes = TRY(encode_directory(listing.entries));
    std::optional<Before> before;
    if (listing.before != nullptr) {
        before = Before{.snapshot = {}, .content = listing.before->content, .root_nodes = {}, .dictionary = {}};
        if (listing.before->root_node) before->root_nodes.push_back(*listing.before->root_node);
    }
    KeptContent kept;
    if (bytes.size() > limits::extent_size) {
        VariableRequest request{.like = {}, .before = std::move(before), .root = listing.root, .dictionary = state.dictionary.id()};
        kept = TRY(state.whole_session.keep_variable(std::move(request), BytesSource(bytes), watch)).kept;
    } else {
        auto writer = TRY(state.whole_session.keep({.like = {}, .before = std::move(before), .unit = State::unit, .root = listing.root, .shared = SharedDictionary{state.dictionary.id()}}));
        TRY(writer.look(BytesSource(bytes), watch));
        kept = TRY(writer.finish());
    }
    state.bytes_stored += kept.bytes_stored;
    return kept;
}

Result<std::vector<DirectoryEntry>> FolderWriter::open_before(const DirectoryEntry& folder) {
    auto entries = TRY(read_folder(state_->session.repository.chunks(), folder));
    for (const auto& entry : entries) {
        if (entry.content.root) state_->session.roots.insert(*entry.content.root);
    }
    return entries;
}

}  // namespace holdfast::repository
